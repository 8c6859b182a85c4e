"""Policy packs: promises as data, the kinds of rules that judge them, and reading and writing packs. Pure."""

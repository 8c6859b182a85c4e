package example.publisher;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HexFormat;
import org.apache.avro.Schema;

/** The contract as an outsider has it: the Avro schemas and the ten constant bytes of each. */
final class Contract {
    static final int HEADER_BYTES = 10;

    private final Path directory;
    private final JsonNode fingerprints;

    Contract(Path directory) throws IOException {
        this.directory = directory;
        this.fingerprints = new ObjectMapper().readTree(directory.resolve("fingerprints.json").toFile());
    }

    /** The schema in a file. */
    Schema schema(String file) throws IOException {
        // docs:java-schema
        Schema schema = new Schema.Parser().parse(directory.resolve(file).toFile());
        // docs:end
        return schema;
    }

    /** The ten bytes every value of a file's schema begins with. */
    byte[] header(String file) {
        return HexFormat.of().parseHex(fingerprints.get(file).get("header").asText());
    }

    /** The names of all schema files. */
    Iterable<String> files() {
        return fingerprints::fieldNames;
    }
}

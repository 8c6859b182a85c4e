-- The archives of personal data, written or begun: where each went, so that an erasure can look whether it is still there.

CREATE TABLE issued_export (
    export_id  uuid        PRIMARY KEY,
    controller text        NOT NULL,
    subject    uuid,
    host       text        NOT NULL,
    path       text        NOT NULL,
    sha256     text        CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    made_at    bigint      NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX issued_export_by_controller ON issued_export (controller, subject);
COMMENT ON TABLE issued_export IS 'One archive of a person or a controller that was written, and where.';
COMMENT ON COLUMN issued_export.subject IS 'The one data subject it is about; null for all of the controller.';
COMMENT ON COLUMN issued_export.host IS 'The machine whose path it is: on another one, nobody can look.';
COMMENT ON COLUMN issued_export.sha256 IS 'Of the file; null while it is not whole.';
COMMENT ON COLUMN issued_export.made_at IS 'Microseconds since 1970-01-01T00:00Z.';

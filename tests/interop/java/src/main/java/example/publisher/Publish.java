package example.publisher;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.avro.util.RandomData;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Publishes the events of a file to the ledger's inbox, with Avro and Kafka's client and nothing of the ledger's.
 *
 * <pre>java example.publisher.Publish BOOTSTRAP SCHEMAS EVENTS SOURCE</pre>
 *
 * Prints one line of JSON: where each event landed, and each schema's header bytes as Avro makes them.
 */
public final class Publish {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int BLOCK_BYTES = 64;

    private final Contract contract;
    private final String source;

    private Publish(Contract contract, String source) {
        this.contract = contract;
        this.source = source;
    }

    public static void main(String[] arguments) throws Exception {
        String bootstrap = arguments[0];
        Contract contract = new Contract(Path.of(arguments[1]));
        JsonNode events = JSON.readTree(new File(arguments[2]));
        Publish publish = new Publish(contract, arguments[3]);
        ObjectNode report = JSON.createObjectNode();
        ObjectNode headers = report.putObject("headers");
        for (String file : contract.files()) {
            headers.put(file, HexFormat.of().formatHex(header(contract.schema(file))));
        }
        publish.send(bootstrap, events, report.putArray("sent"));
        System.out.println(JSON.writeValueAsString(report));
    }

    /** The ten bytes Avro itself puts before any datum of a schema. */
    private static byte[] header(Schema schema) throws IOException {
        Object any = new RandomData(schema, 1).iterator().next();
        ByteBuffer encoded = new BinaryMessageEncoder<Object>(GenericData.get(), schema).encode(any);
        return Arrays.copyOf(encoded.array(), Contract.HEADER_BYTES);
    }

    private void send(String bootstrap, JsonNode events, ArrayNode sent) throws Exception {
        // docs:java-producer
        Map<String, Object> settings = Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true,
                ProducerConfig.ACKS_CONFIG, "all");
        KafkaProducer<String, byte[]> producer =
                new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
        // docs:end
        try (producer) {
            for (JsonNode event : events) {
                ProducerRecord<String, byte[]> record = recordOf(event);
                // docs:java-send
                RecordMetadata landed = producer.send(record).get(); // throws when it did not land
                // docs:end
                sent.addObject()
                        .put("id", event.get("id").asText())
                        .put("topic", landed.topic())
                        .put("partition", landed.partition())
                        .put("offset", landed.offset());
            }
        }
    }

    private ProducerRecord<String, byte[]> recordOf(JsonNode event) throws IOException {
        String file = event.get("schema").asText();
        Schema schema = contract.schema(file);
        return switch (event.get("encoding").asText()) {
            case "json" -> jsonRecord(schema, event);
            case "avro" -> avroRecord(schema, event, encoded(schema, datum(schema, event)));
            case "blocks" -> avroRecord(schema, event, encodedInBlocks(file, schema, datum(schema, event)));
            case "truncated" -> {
                byte[] whole = encoded(schema, datum(schema, event));
                int length = whole.length - event.get("bytes_cut").asInt();
                yield avroRecord(schema, event, Arrays.copyOf(whole, length));
            }
            default -> throw new IllegalArgumentException("an encoding this program does not know");
        };
    }

    /** The value as Avro's own encoder of single objects makes it, header and all. */
    private static byte[] encoded(Schema schema, GenericRecord datum) throws IOException {
        // docs:java-avro
        ByteBuffer encoded = new BinaryMessageEncoder<GenericRecord>(GenericData.get(), schema).encode(datum);
        byte[] value = new byte[encoded.remaining()];
        encoded.get(value);
        // docs:end
        return value;
    }

    /** The constant bytes, then any binary encoder: this one writes arrays as blocks that state their size. */
    private byte[] encodedInBlocks(String file, Schema schema, GenericRecord datum) throws IOException {
        ByteArrayOutputStream value = new ByteArrayOutputStream();
        value.write(contract.header(file));
        BinaryEncoder encoder = new EncoderFactory().configureBlockSize(BLOCK_BYTES).blockingBinaryEncoder(value, null);
        new GenericDatumWriter<GenericRecord>(schema).write(datum, encoder);
        encoder.flush();
        return value.toByteArray();
    }

    /** An event in Avro: binary mode of the CloudEvents Kafka binding. */
    private ProducerRecord<String, byte[]> avroRecord(Schema schema, JsonNode event, byte[] value) {
        String id = event.get("id").asText();
        String time = event.get("time").asText();
        // docs:java-headers
        String type = schema.getProp("eventType");
        ProducerRecord<String, byte[]> record = new ProducerRecord<>(schema.getProp("topic"), id, value);
        Map<String, String> headers = Map.of(
                "ce_specversion", "1.0",
                "ce_id", id,
                "ce_source", source,
                "ce_type", type,
                "ce_time", time,
                "ce_dataschema", "urn:ledger:schema:" + type + ":" + schema.getObjectProp("version"),
                "content-type", "application/avro");
        headers.forEach((name, text) -> record.headers().add(name, text.getBytes(StandardCharsets.UTF_8)));
        // docs:end
        return record;
    }

    /** An event without Avro: structured mode, here without any header. */
    private ProducerRecord<String, byte[]> jsonRecord(Schema schema, JsonNode event) throws IOException {
        ObjectNode document = JSON.createObjectNode();
        document.put("specversion", "1.0");
        document.put("id", event.get("id").asText());
        document.put("source", source);
        document.put("type", schema.getProp("eventType"));
        document.put("time", event.get("time").asText());
        document.set("data", event.get("data"));
        return new ProducerRecord<>(
                schema.getProp("topic"), event.get("id").asText(), JSON.writeValueAsBytes(document));
    }

    /** Plain JSON as Avro's generic data; fields left out take their defaults. */
    private static GenericRecord datum(Schema schema, JsonNode event) {
        // docs:java-datum
        GenericRecordBuilder builder = new GenericRecordBuilder(schema);
        event.get("data").properties().forEach(given ->
                builder.set(given.getKey(), toAvro(schema.getField(given.getKey()).schema(), given.getValue())));
        GenericRecord datum = builder.build();
        // docs:end
        return datum;
    }

    private static Object toAvro(Schema schema, JsonNode value) {
        return switch (schema.getType()) {
            case UNION -> value.isNull() ? null : toAvro(schema.getTypes().get(1), value);
            case STRING -> value.asText();
            case BOOLEAN -> value.asBoolean();
            case INT -> value.asInt();
            case LONG -> Long.parseLong(value.asText());
            case ENUM -> new GenericData.EnumSymbol(schema, value.asText());
            case ARRAY -> {
                List<Object> items = new ArrayList<>();
                value.forEach(item -> items.add(toAvro(schema.getElementType(), item)));
                yield items;
            }
            case RECORD -> {
                GenericRecordBuilder builder = new GenericRecordBuilder(schema);
                value.properties().forEach(each -> builder.set(
                        each.getKey(), toAvro(schema.getField(each.getKey()).schema(), each.getValue())));
                yield builder.build();
            }
            default -> throw new IllegalArgumentException("a type the contract does not use: " + schema);
        };
    }
}

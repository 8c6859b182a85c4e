package example.publisher;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericFixed;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads the whole {@code ledger} topic with Avro and Kafka's client: no consumer group, from the first offset.
 *
 * <pre>java example.publisher.ReadBack BOOTSTRAP SCHEMAS</pre>
 *
 * Prints one line of JSON: coordinates and fields of each record; integers as text, bytes in hex.
 */
public final class ReadBack {
    private static final String TOPIC = "ledger";
    private static final List<String> RECORDS = List.of("ledger.entry.v1.avsc", "ledger.rejected.v1.avsc");
    private static final Duration POLL = Duration.ofSeconds(1);

    private record Known(String file, byte[] header, BinaryMessageDecoder<GenericRecord> decoder) {}

    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        List<Known> known = known(new Contract(Path.of(arguments[1])));
        ObjectNode report = json.createObjectNode();
        ArrayNode records = report.putArray("records");
        Map<String, Object> settings = Map.of("bootstrap.servers", arguments[0], "enable.auto.commit", false);
        try (KafkaConsumer<byte[], byte[]> consumer =
                new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = consumer.partitionsFor(TOPIC).stream()
                    .map(each -> new TopicPartition(TOPIC, each.partition()))
                    .toList();
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
                    records.add(decoded(known, record, json.createObjectNode()));
                }
            }
        }
        System.out.println(json.writeValueAsString(report));
    }

    private static List<Known> known(Contract contract) throws IOException {
        List<Known> known = new ArrayList<>();
        for (String file : RECORDS) {
            Schema schema = contract.schema(file);
            known.add(new Known(file, contract.header(file), new BinaryMessageDecoder<>(GenericData.get(), schema)));
        }
        return known;
    }

    /** One record by the schema its header names. */
    private static ObjectNode decoded(List<Known> known, ConsumerRecord<byte[], byte[]> record, ObjectNode into)
            throws IOException {
        byte[] value = record.value();
        // docs:java-read
        Known found = known.stream()
                .filter(each -> Arrays.equals(value, 0, 10, each.header(), 0, 10))
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("a record of a schema we do not know"));
        GenericRecord decoded = found.decoder().decode(ByteBuffer.wrap(value));
        // docs:end
        return into.put("partition", record.partition())
                .put("offset", record.offset())
                .put("schema", found.file())
                .putPOJO("record", plain(decoded));
    }

    /** Avro's generic data as JSON shows it. */
    private static Object plain(Object value) {
        if (value instanceof GenericRecord record) {
            Map<String, Object> fields = new LinkedHashMap<>();
            record.getSchema().getFields().forEach(field -> fields.put(field.name(), plain(record.get(field.pos()))));
            return fields;
        }
        if (value instanceof Iterable<?> items) {
            return StreamSupport.stream(items.spliterator(), false).map(ReadBack::plain).toList();
        }
        if (value instanceof GenericFixed fixed) {
            return HexFormat.of().formatHex(fixed.bytes());
        }
        if (value instanceof ByteBuffer bytes) {
            byte[] held = new byte[bytes.remaining()];
            bytes.duplicate().get(held);
            return HexFormat.of().formatHex(held);
        }
        return value == null || value instanceof Boolean ? value : value.toString();
    }
}

//! Services with Spring, and abilities that Go and TypeScript share with them.

use super::{Topic, check};

#[test]
fn missing_values_of_responses_are_found_life_1() {
    check(&[
        (
            Topic::UncheckedValue,
            "PayClient.java",
            "class PayClient {\n    String pay() {\n        ResponseEntity<Pay> response = rest.postForEntity(url, body, Pay.class);\n        return response.getBody().getId();\n    }\n}\n",
            "class PayClient {\n    String pay() {\n        ResponseEntity<Pay> response = rest.postForEntity(url, body, Pay.class);\n        if (response.getBody() == null) { throw new PayException(); }\n        return response.getBody().getId();\n    }\n}\n",
        ),
        (
            Topic::UncheckedValue,
            "PayClient.java",
            "class PayClient {\n    String state(String text) {\n        JsonNode node = mapper.readTree(text);\n        return node.get(\"state\").asText();\n    }\n}\n",
            "class PayClient {\n    String state(String text) {\n        JsonNode node = mapper.readTree(text);\n        return node.path(\"state\").asText();\n    }\n}\n",
        ),
    ]);
}

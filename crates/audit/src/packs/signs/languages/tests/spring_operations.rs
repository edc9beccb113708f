//! Spring: streams, logs and settings.

use super::{Practice, check};

#[test]
fn streams_and_logs_of_spring_are_found() {
    check(&[
        (
            Practice::Leak,
            "Registry.java",
            "class Registry {\n  SseEmitter create() {\n    return new SseEmitter(Long.MAX_VALUE);\n  }\n}\n",
            "class Registry {\n  SseEmitter create() {\n    return new SseEmitter(30_000L);\n  }\n}\n",
        ),
        (
            Practice::LogFormat,
            "application.yml",
            "logging:\n  pattern:\n    console: \"%d{HH:mm:ss} - %logger{36} - %msg%n\"\n",
            "logging:\n  pattern:\n    console: \"%d{HH:mm:ss} %-5level [%X{traceId}] %logger{36} - %msg%n\"\n",
        ),
        (
            Practice::PersonLogged,
            "Initializer.java",
            "class A {\n  void run() {\n    log.info(\"balance {}\", customer.getBalance());\n  }\n}\n",
            "class A {\n  void run() {\n    log.info(\"customer {}\", customer.getId());\n  }\n}\n",
        ),
        (
            Practice::SettingCredential,
            "application.yml",
            "spring:\n  datasource:\n    username: sa\n    password:\n",
            "spring:\n  datasource:\n    username: sa\n    password: ${DB_PASSWORD}\n",
        ),
        (
            Practice::SampleData,
            "Initializer.java",
            "class A {\n  @PostConstruct\n  void init() {\n    repository.saveAll(customers);\n  }\n}\n",
            "@Profile(\"dev\")\nclass A {\n  @PostConstruct\n  void init() {\n    repository.saveAll(customers);\n  }\n}\n",
        ),
    ]);
}

#[test]
fn brokers_and_files_of_production_are_found() {
    check(&[
        (
            Practice::Encryption,
            "docker-compose.yml",
            "      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: CONTROLLER:PLAINTEXT,INTERNAL:SASL_PLAINTEXT\n",
            "      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: CONTROLLER:PLAINTEXT\n",
        ),
        (
            Practice::Encryption,
            "docker-compose.yml",
            "      - KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n",
            "      - KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP=CONTROLLER:PLAINTEXT,CLIENT:SASL_SSL\n",
        ),
        (
            Practice::OpenStore,
            "docker-compose.yml",
            "      KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND: \"true\"\n",
            "      KAFKA_ALLOW_EVERYONE_IF_NO_ACL_FOUND: \"false\"\n",
        ),
        (
            Practice::ImageSecret,
            "Dockerfile",
            "FROM node:20\nCOPY .env.production .env\n",
            "FROM node:20\nCOPY .env.example .env\n",
        ),
        (
            Practice::LocalAddress,
            ".env.production",
            "VERIFY_URL=http://localhost:3000/confirm\n",
            "VERIFY_URL=https://shop.example/confirm\n",
        ),
        (
            Practice::LogLevel,
            "log4j.properties",
            "log4j.logger.kafka.controller=TRACE\n",
            "log4j.logger.kafka.controller=INFO\n",
        ),
        (
            Practice::PasswordLength,
            "signup.ts",
            "export class SignupBody {\n  @MinLength(4)\n  @MaxLength(20)\n  // A letter and a number.\n  @Matches(/x/)\n  @IsNotEmpty()\n  @ApiProperty({ example: 'a' })\n  public password: string;\n}\n",
            "export class SignupBody {\n  @MinLength(12)\n  @MaxLength(200)\n  // A letter and a number.\n  @Matches(/x/)\n  public password: string;\n}\n",
        ),
    ]);
}

#[test]
fn records_that_stop_a_consumer_are_found_msg_3() {
    check(&[
        (
            Practice::Redelivery,
            "application.yml",
            "    consumer:\n      value-deserializer: org.springframework.kafka.support.serializer.JsonDeserializer\n",
            "    consumer:\n      value-deserializer: org.springframework.kafka.support.serializer.ErrorHandlingDeserializer\n",
        ),
        (
            Practice::ErrorListener,
            "Application.java",
            "@EnableKafkaStreams\nclass Application {\n}\n",
            "@EnableKafkaStreams\nclass Application {\n  StreamsUncaughtExceptionHandler handler;\n}\n",
        ),
        (
            Practice::DualWrite,
            "application.yml",
            "        processing.guarantee: exactly_once_v2\n",
            "        processing.guarantee: exactly_once_v2\n    consumer:\n      isolation-level: read_committed\n",
        ),
    ]);
}

#[test]
fn limits_of_a_gateway_are_found_res_6() {
    check(&[
        (
            Practice::LimiterFailure,
            "application.yml",
            "          filters:\n            - name: RequestRateLimiter\n",
            "          filters:\n            - name: StripPrefix\n",
        ),
        (
            Practice::OutboundTimeout,
            "application.yml",
            "          filters:\n            - name: CircuitBreaker\n",
            "          filters:\n            - name: CircuitBreaker\nresilience4j:\n  timelimiter:\n    instances: {}\n",
        ),
        (
            Practice::LoginLimit,
            "application.yml",
            "          predicates:\n            - Path=/auth/**\n        - id: orders\n",
            "          predicates:\n            - Path=/auth/**\n          filters:\n            - name: RequestRateLimiter\n        - id: orders\n",
        ),
    ]);
}

#[test]
fn expressions_and_rustdoc_are_not_code() {
    check(&[
        (
            Practice::Encryption,
            "signs.rs",
            "let url = \"postgres://db/name?sslmode=disable\";\n",
            "let sign = Regex::new(r\"(?P<what>sslmode=disable)\");\n",
        ),
        (
            Practice::Stub,
            "clock.rs",
            "fn pay() {\n    // Simulate the payment.\n    succeed_at_once();\n}\n",
            "/// Returns the delay, for simulations.\n#[must_use]\npub fn delay() {}\n",
        ),
        (
            Practice::IgnoredError,
            "worker.rs",
            "async fn work(client: &Client) {\n    let _ = client.send(request).await;\n}\n",
            "async fn work(done: Sender<()>) {\n    let _ = done.send(());\n}\n",
        ),
    ]);
}

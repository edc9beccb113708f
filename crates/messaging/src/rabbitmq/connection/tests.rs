use super::*;

#[test]
fn uri_sets_heartbeat_and_frame_size_once() {
    let uri = |url: &str| {
        let parameters = Parameters {
            url: url.parse().unwrap(),
            password: None,
            name: "test".to_owned(),
            authorities: None,
            role: Role::Consuming,
            config: RabbitmqConfig::default(),
        };
        parameters.uri().unwrap()
    };
    assert_eq!(
        uri("amqp://localhost:5672/%2f"),
        "amqp://localhost:5672/%2f?heartbeat=10&frame_max=131072"
    );
    let own = "amqp://localhost:5672/%2f?frame_max=8192&heartbeat=3";
    assert_eq!(uri(own), own);
}

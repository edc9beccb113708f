use super::*;

fn uri(url: &str) -> String {
    let parameters = Parameters {
        url: url.parse().unwrap(),
        password: None,
        name: "test".to_owned(),
        authorities: None,
        role: Role::Consuming,
        config: RabbitmqConfig::default(),
    };
    parameters.uri().unwrap()
}

#[test]
fn uri_sets_heartbeat_and_frame_size_once() {
    assert_eq!(
        uri("amqp://localhost:5672/%2f"),
        "amqp://localhost:5672/%2f?heartbeat=10&frame_max=131072"
    );
    let own = "amqp://localhost:5672/%2f?frame_max=8192&heartbeat=3";
    assert_eq!(uri(own), own);
}

#[test]
fn uri_without_virtual_host_has_the_default_one_msg_6() {
    for url in ["amqp://localhost:5672", "amqp://localhost:5672/"] {
        let lapin: lapin::uri::AMQPUri = uri(url).parse().unwrap();
        assert_eq!(lapin.vhost, "/", "{url}");
    }
    let named: lapin::uri::AMQPUri = uri("amqp://localhost/orders").parse().unwrap();
    assert_eq!(named.vhost, "orders");
}

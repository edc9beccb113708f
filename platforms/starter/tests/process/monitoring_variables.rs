//! Variables of the contract for probes and metrics.

use std::net::TcpStream;

use seaworthy_testkit::http::request;

use crate::{
    app::json_of,
    contract_variables::{free_address, start},
};

#[test]
fn disabled_monitoring_is_not_served_conf_1() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let variables = [
        ("HEALTH_ADDR", address.as_str()),
        ("HEALTH_ENABLED", "false"),
        ("METRICS_ENABLED", "false"),
    ];
    let mut process = start(folder.path(), &variables);
    let (http, admin) = process.addresses().unwrap();
    process.line("\"message\":\"ready\"").unwrap();
    assert!(TcpStream::connect(&address).is_err(), "{address} is open");
    let metrics = request(admin, "GET", "/metrics", &[], "").unwrap();
    assert_eq!(metrics.status, 404, "{metrics:?}");
    // Orchestrators use the probes of the other listeners.
    assert_eq!(
        request(http, "GET", "/health", &[], "").unwrap().status,
        200
    );
}

#[test]
fn probes_of_the_contract_have_their_own_listener_conf_1() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut process = start(folder.path(), &[("HEALTH_ADDR", &address)]);
    process.line("\"message\":\"ready\"").unwrap();
    let probes = address.parse().unwrap();
    for path in ["/health", "/health/live", "/health/ready"] {
        let answer = request(probes, "GET", path, &[], "").unwrap();
        let body = json_of(&answer);
        assert_eq!(
            (answer.status, &body["status"]),
            (200, &"healthy".into()),
            "{path}"
        );
    }
    for path in ["/helloworld/Ada", "/metrics"] {
        assert_eq!(
            request(probes, "GET", path, &[], "").unwrap().status,
            404,
            "{path}"
        );
    }
}

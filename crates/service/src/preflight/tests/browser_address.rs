use seaworthy_config::Mark;
use serde_json::{Value, json};

use super::*;

#[test]
fn browser_addresses_need_tls_and_a_public_host_sec_2() {
    let refused = |value: Value, enabled: Value| {
        let mut facts = facts(json!({ "page.enabled": enabled }));
        facts.insert("page.origins", marked(value, Mark::BrowserAddress));
        ids(&facts)
    };
    let one = one("SEC-2", "page.origins");
    for address in [
        "http://events.example.org",
        "http://localhost:3000",
        "https://localhost",
        "https://LOCALHOST.:8443",
        "https://app.localhost",
        "https://127.0.0.1:8080/verify?token=",
        "https://127.1",
        "https://[::1]:8080",
        "https://[::ffff:127.0.0.1]",
        "https://0.0.0.0",
    ] {
        assert_eq!(refused(json!(address), json!(true)), one, "{address}");
        assert_eq!(refused(json!([address]), json!(true)), one, "{address}");
        assert_eq!(refused(json!([address]), json!(false)), [], "{address}");
    }
    for address in [
        "https://events.example.org",
        "https://localhost.example.org:8443",
        "*",
        "",
    ] {
        assert_eq!(refused(json!(address), json!(true)), [], "{address}");
    }
    assert_eq!(refused(json!(null), json!(true)), []);
}

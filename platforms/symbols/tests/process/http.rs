use seaworthy_testkit::http::request;
use serde_json::{Value, json};

use crate::app::{SymbolsApp, symbol};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn symbol_has_json_of_the_contract_api_1() {
    let service = SymbolsApp::start(&[]);
    let created = service.send("POST", "/v1/symbols", &symbol(7, 1));
    assert_eq!(
        (created.status, created.header("content-type")),
        (200, Some("application/json"))
    );
    let expected = r#"{"symbol":{"id":"1","projectId":"7","uid":"00000000-0000-4000-8000-000000000001","label":"Hero","className":"c-hero","componentTarget":"page","version":1,"data":"AP8Q"}}"#;
    assert_eq!(created.body, expected);
    assert_eq!(service.send("GET", "/v1/symbols/1", "").body, expected);
    let listed = json!({
        "symbols": [{"id": "1", "projectId": "7", "uid": "00000000-0000-4000-8000-000000000001", "label": "Hero", "className": "c-hero", "componentTarget": "page", "version": 1}],
        "pagination": {"totalCount": "1", "offset": "0", "limit": 20, "hasNextPage": false, "hasPreviousPage": false},
    });
    assert_eq!(
        json(&service.send("GET", "/v1/projects/7/symbols", "").body),
        listed
    );
    let deleted = service.send("DELETE", "/v1/symbols/1", "");
    assert_eq!(
        (deleted.status, deleted.body.as_str()),
        (200, r#"{"success":true}"#)
    );
    assert_eq!(service.send("DELETE", "/v1/symbols/1", "").status, 404);
    assert_eq!(service.send("GET", "/v1/symbols/1", "").status, 404);
    assert_eq!(
        service.send("POST", "/v1/symbols", &symbol(7, 1)).status,
        200
    );
}

#[test]
fn snake_case_names_and_numbers_as_text_are_valid_api_1() {
    let service = SymbolsApp::start(&[]);
    let body = r#"{"project_id":7,"uid":"1b4e28ba-2fa1-4d1c-883f-0016d3cca427","label":"Hero","class_name":"c-hero","component_target":"page","version":"1.0","data":"AP8Q","unknown":[1]}"#;
    let answer = service.send("POST", "/v1/symbols", body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(json(&answer.body)["symbol"]["version"], 1);
}

#[test]
fn update_uses_id_of_path_and_keeps_missing_data_api_1() {
    let service = SymbolsApp::start(&[]);
    let id = service.create(7, 1);
    let body = symbol(8, 2).replace(r#","data":"AP8Q""#, r#","id":"99""#);
    let answer = service.send("PUT", &format!("/v1/symbols/{id}"), &body);
    assert_eq!(answer.status, 200, "{}", answer.body);
    let updated = &json(&answer.body)["symbol"];
    assert_eq!(
        (&updated["id"], &updated["projectId"], &updated["data"]),
        (&json!(id), &json!("8"), &json!("AP8Q"))
    );
    let body = symbol(8, 2).replace("AP8Q", "Bw==");
    let answer = service.send("PUT", &format!("/v1/symbols/{id}"), &body);
    assert_eq!(json(&answer.body)["symbol"]["data"], "Bw==");
}

#[test]
fn list_has_pages_and_filters_api_1() {
    let service = SymbolsApp::start(&[]);
    for number in 1..=21 {
        service.create(7, number);
    }
    let page = |query: &str| {
        let answer = service.send("GET", &format!("/v1/projects/7/symbols{query}"), "");
        assert_eq!(answer.status, 200, "{}", answer.body);
        let answer = json(&answer.body);
        let pagination = &answer["pagination"];
        (
            answer["symbols"].as_array().unwrap().len(),
            pagination["limit"].as_u64().unwrap(),
            pagination["hasNextPage"].as_bool().unwrap(),
            pagination["hasPreviousPage"].as_bool().unwrap(),
        )
    };
    assert_eq!(page(""), (20, 20, true, false));
    assert_eq!(page("?limit=0"), (20, 20, true, false));
    assert_eq!(page("?limit=100"), (21, 100, false, false));
    assert_eq!(page("?offset=20"), (1, 20, false, true));
    assert_eq!(page("?offset=1000000"), (0, 20, false, true));
    assert_eq!(page("?label="), (20, 20, true, false));
    assert_eq!(page("?component_target=page"), (20, 20, true, false));
    assert_eq!(
        page("?componentTarget=page&label=Hero"),
        (20, 20, true, false)
    );
    assert_eq!(page("?componentTarget=other"), (0, 20, false, false));
    assert_eq!(page("?label=Hero"), (20, 20, true, false));
    assert_eq!(page("?label=other"), (0, 20, false, false));
}

#[test]
fn log_contains_request_id_obs_7() {
    let mut service = SymbolsApp::start(&[]);
    let id = "1b4e28ba-2fa1-4d1c-883f-0016d3cca427";
    let answer = seaworthy_testkit::http::request(
        service.http,
        "GET",
        "/v1/symbols/5",
        &[("x-request-id", id)],
        "",
    );
    assert_eq!(answer.unwrap().header("x-request-id"), Some(id));
    let headers = [("x-request-id", "not-a-uuid")];
    let other =
        seaworthy_testkit::http::request(service.http, "GET", "/v1/symbols/5", &headers, "");
    let other = other.unwrap().header("x-request-id").unwrap().to_owned();
    assert_eq!(other.len(), 36, "{other}");
    let line = json(&service.process.line(id).unwrap());
    assert_eq!(
        (&line["route"], &line["status"], &line["reason"]),
        (
            &json!("/v1/symbols/{id}"),
            &json!(404),
            &json!("SYMBOL_NOT_FOUND")
        )
    );
}

#[test]
fn metrics_have_route_template_and_method_obs_4() {
    let service = SymbolsApp::start(&[]);
    service.send("GET", "/v1/symbols/5", "");
    let metrics = seaworthy_testkit::http::get(service.admin, "/metrics")
        .unwrap()
        .body;
    let line = r#"symbol_service_http_requests_total{method="GET",path="/v1/symbols/{id}",status="404"} 1"#;
    assert!(metrics.contains(line), "{metrics}");
    let line = r#"symbol_service_grpc_request_duration_seconds_count{service="service.symbols.v1.SymbolsService",method="GetSymbol"} 0"#;
    assert!(metrics.contains(line), "{metrics}");
}

#[test]
fn setting_switches_the_operation_log_on_obs_11() {
    let service = SymbolsApp::start(&[
        "--set",
        "operation_log.enabled=true",
        "--set",
        "operation_log.claim_node=true",
    ]);
    let id = service.create(7, 1);
    service.send("GET", &format!("/v1/symbols/{id}"), "");
    service.send("DELETE", "/v1/symbols/99", "");
    let listed = request(service.admin, "GET", "/operation-log?page_size=10", &[], "").unwrap();
    let listed = json(&listed.body);
    let operations = listed["operations"].as_array().unwrap();
    let seen: Vec<_> = operations
        .iter()
        .map(|entry| (entry["operation"].as_str().unwrap(), &entry["status"]))
        .collect();
    assert_eq!(seen, [("DELETE", &404.into()), ("POST", &200.into())]);
    assert_eq!(operations[0]["target"], "/v1/symbols/{id}", "{listed}");
    let invalid = request(service.admin, "GET", "/operation-log?from=today", &[], "").unwrap();
    assert_eq!(invalid.status, 400, "{}", invalid.body);

    let silent = service.restart();
    silent.create(7, 2);
    let listed = request(silent.admin, "GET", "/operation-log", &[], "").unwrap();
    assert_eq!(json(&listed.body)["total"], 2, "{}", listed.body);
}

use seaworthy_testkit::http::get;
use serde_json::Value;
use tonic::{Code, Request, Status};

use crate::{
    app::SymbolsApp,
    calls::{channel, client, create, headers_and_status, reason},
    contract::service::symbols::v1::{
        CreateSymbolRequest, DeleteSymbolRequest, GetSymbolRequest, ListSymbolsRequest,
        UpdateSymbolRequest,
    },
};

#[tokio::test]
async fn both_transports_return_the_same_symbol_api_1() {
    let service = SymbolsApp::start(&[]);
    let mut client = client(&service).await;
    let created = client.create_symbol(create(1)).await.unwrap();
    assert!(created.metadata().contains_key("x-request-id"));
    let symbol = created.into_inner().symbol.unwrap();
    assert_eq!((symbol.id, symbol.data.as_slice()), (1, &[0, 255, 16][..]));
    let over_http: Value =
        serde_json::from_str(&service.send("GET", "/v1/symbols/1", "").body).unwrap();
    assert_eq!(over_http["symbol"]["data"], "AP8Q");
    let got = client.get_symbol(GetSymbolRequest { id: 1 }).await.unwrap();
    assert_eq!(got.into_inner().symbol, Some(symbol));
    let update = UpdateSymbolRequest {
        id: 1,
        project_id: 7,
        uid: create(1).uid,
        label: "Other".to_owned(),
        class_name: "c".to_owned(),
        component_target: "t".to_owned(),
        version: 9,
        data: Vec::new(),
    };
    let updated = client
        .update_symbol(update)
        .await
        .unwrap()
        .into_inner()
        .symbol
        .unwrap();
    assert_eq!(
        (updated.label.as_str(), updated.version, updated.data.len()),
        ("Other", 9, 3)
    );
    let mut list = ListSymbolsRequest {
        project_id: 7,
        ..ListSymbolsRequest::default()
    };
    let listed = client
        .list_symbols(list.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (listed.symbols.len(), listed.pagination.unwrap().limit),
        (1, 20)
    );
    // An empty label is a filter. A missing one is not.
    list.label = Some(String::new());
    assert!(
        client
            .list_symbols(list)
            .await
            .unwrap()
            .into_inner()
            .symbols
            .is_empty()
    );
    assert!(
        client
            .delete_symbol(DeleteSymbolRequest { id: 1 })
            .await
            .unwrap()
            .into_inner()
            .success
    );
}

#[tokio::test]
async fn errors_have_code_and_reason_of_the_contract_api_2() {
    let service = SymbolsApp::start(&[]);
    let mut client = client(&service).await;
    client.create_symbol(create(1)).await.unwrap();
    let details = |status: Status| (status.code(), reason(&status), status.message().to_owned());
    let duplicate = details(client.create_symbol(create(1)).await.unwrap_err());
    assert_eq!(
        duplicate,
        (
            Code::InvalidArgument,
            "DUPLICATE_SYMBOL".to_owned(),
            "symbol with this UID already exists in the project".to_owned()
        )
    );
    let missing = client
        .get_symbol(GetSymbolRequest { id: 9 })
        .await
        .unwrap_err();
    assert!(missing.metadata().contains_key("x-request-id"));
    assert_eq!(
        details(missing),
        (
            Code::NotFound,
            "SYMBOL_NOT_FOUND".to_owned(),
            "symbol not found".to_owned()
        )
    );
    let zero = details(
        client
            .get_symbol(GetSymbolRequest { id: 0 })
            .await
            .unwrap_err(),
    );
    assert_eq!(
        zero,
        (
            Code::InvalidArgument,
            "INVALID_ID".to_owned(),
            "invalid symbol ID: must be greater than zero".to_owned()
        )
    );
    let empty = details(
        client
            .create_symbol(CreateSymbolRequest::default())
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (empty.0, empty.1.as_str()),
        (Code::InvalidArgument, "VALIDATION_ERROR")
    );
    assert!(
        empty.2.starts_with("validation failed: project_id"),
        "{}",
        empty.2
    );
}

#[tokio::test]
async fn errors_have_request_id_in_headers_obs_7() {
    let service = SymbolsApp::start(&[]);
    let channel = channel(&service).await;
    // A missing symbol, bytes that are not a message, and an unknown method.
    for (method, message, code) in [
        ("GetSymbol", &b"\0\0\0\0\x02\x08\x09"[..], Code::NotFound),
        ("GetSymbol", b"\0\0\0\0\x01\x07", Code::InvalidArgument),
        ("Nothing", b"", Code::Unimplemented),
    ] {
        let path = format!("/service.symbols.v1.SymbolsService/{method}");
        let (headers, status) = headers_and_status(&channel, &path, message).await;
        assert!(headers.contains_key("x-request-id"), "{headers:?}");
        assert!(!headers.contains_key("grpc-status"), "{headers:?}");
        assert_eq!(status.code(), code, "{status:?}");
        let trailer = status.metadata().get("x-request-id").unwrap();
        assert_eq!(trailer.as_bytes(), headers["x-request-id"].as_bytes());
    }
}

#[tokio::test]
async fn too_large_message_is_resource_exhausted_sec_3() {
    let service = SymbolsApp::start(&[]);
    let mut client = client(&service).await;
    let with = |mebibytes: usize| CreateSymbolRequest {
        data: vec![1; mebibytes * 1024 * 1024],
        ..create(1)
    };
    // The response is as large as the request.
    client = client.max_decoding_message_size(usize::MAX);
    client.create_symbol(with(4)).await.unwrap();
    let status = client.create_symbol(with(7)).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status)),
        (Code::ResourceExhausted, "BODY_TOO_LARGE".to_owned())
    );
}

#[tokio::test]
async fn call_is_logged_traced_and_counted_obs_7_obs_6_obs_4() {
    let mut service = SymbolsApp::start(&[]);
    let mut client = client(&service).await;
    let mut request = Request::new(GetSymbolRequest { id: 9 });
    let metadata = request.metadata_mut();
    let id = "1b4e28ba-2fa1-4d1c-883f-0016d3cca427";
    metadata.insert("x-request-id", id.parse().unwrap());
    metadata.insert(
        "traceparent",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            .parse()
            .unwrap(),
    );
    let status = client.get_symbol(request).await.unwrap_err();
    assert_eq!(status.metadata().get("x-request-id").unwrap(), id);
    let line: Value = serde_json::from_str(&service.process.line(id).unwrap()).unwrap();
    assert_eq!(
        line["call"], "service.symbols.v1.SymbolsService/GetSymbol",
        "{line}"
    );
    assert_eq!(
        (line["status"].as_str(), line["reason"].as_str()),
        (Some("NotFound"), Some("SYMBOL_NOT_FOUND"))
    );
    assert_eq!(
        line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736",
        "{line}"
    );
    let metrics = get(service.admin, "/metrics").unwrap().body;
    let counted = r#"symbol_service_grpc_requests_total{service="service.symbols.v1.SymbolsService",method="GetSymbol",status="NotFound"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
}

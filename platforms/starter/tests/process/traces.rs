//! Traces of requests, as a collector gets them.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;
use seaworthy::{
    axum::http::uri::PathAndQuery,
    config::Loader,
    grpc::client::{GrpcChannel, GrpcClients as _},
    http::Routes,
    prelude::*,
    service::{NoSettings, RunningService},
};
use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::json;
use tokio::runtime::Runtime;
use tonic::{Request, client::Grpc};
use tonic_prost::ProstCodec;

use crate::{
    app::{PASSWORD, Replica, json_of, tokens},
    features::{call, users},
};

/// Longer than an export takes on a slow machine.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Starts a collector. Returns its address and the bodies that it gets.
fn collector() -> (SocketAddr, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, bodies) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                let header = line.to_ascii_lowercase();
                if let Some(text) = header.strip_prefix("content-length:") {
                    length = text.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            if sender.send(body).is_err() {
                return;
            }
        }
    });
    (address, bodies)
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

pub(crate) fn spans_of_a_request_have_its_trace_and_no_value_obs_6(database: &EmptyDatabase) {
    let (address, bodies) = collector();
    let settings = [
        format!("tracing.endpoint=http://{address}"),
        "tracing.schedule_delay=10ms".to_owned(),
    ];
    let replica = Replica::start_with(database, &settings.each_ref().map(String::as_str));
    replica.register("ada");
    let trace: [u8; 16] = *b"0123456789abcdef";
    let parent = format!(
        "00-{}-00f067aa0ba902b7-01",
        data_encoding::HEXLOWER.encode(&trace)
    );
    let headers = [
        ("traceparent", parent.as_str()),
        ("content-type", "application/json"),
    ];
    let body = json!({ "username": "ada", "password": PASSWORD }).to_string();
    let login = request(replica.http, "POST", "/api/v1/auth/login", &headers, &body).unwrap();
    assert_eq!(login.status, 200, "{}", login.body);
    // The spans of the request and of its statements have the trace of the caller, and no value.
    let mut seen = Vec::new();
    let (route, statement) = (
        b"/api/v1/auth/login".as_slice(),
        b"username_index".as_slice(),
    );
    while !(contains(&seen, &trace) && contains(&seen, route) && contains(&seen, statement)) {
        seen.extend(bodies.recv_timeout(TIMEOUT).unwrap());
    }
    assert!(!contains(&seen, PASSWORD.as_bytes()));

    // The span of a call has the ID of the user, and no user name.
    let (access, _) = tokens(&login);
    let bearer = format!("Bearer {access}");
    let headers = [headers[0], ("authorization", bearer.as_str())];
    let get = |path: &str| request(replica.http, "GET", path, &headers, "").unwrap();
    let profile = json_of(&get("/api/v1/auth/profile"));
    let user = profile["user_id"].as_str().unwrap();
    assert_eq!(get("/api/v1/auth/lock-status/ada/").status, 404);
    assert_eq!(get("/api/v1/auth/lock-status/ada").status, 200);
    seen.clear();
    let route = b"lock-status/{username}";
    while !(contains(&seen, user.as_bytes()) && contains(&seen, route)) {
        seen.extend(bodies.recv_timeout(TIMEOUT).unwrap());
    }
    assert!(!contains(&seen, b"lock-status/ada"));
}

/// The ID of the span of the caller.
const CALLER: [u8; 8] = *b"a-caller";

/// Starts a service whose route `/users` registers a user over gRPC.
async fn start_gateway(starter: SocketAddr, collector: SocketAddr) -> RunningService {
    let settings = [
        format!("grpc_clients.starter.url=http://{starter}"),
        format!("tracing.endpoint=http://{collector}"),
        "tracing.schedule_delay=10ms".to_owned(),
    ];
    let loader = Loader::for_tests("gateway").overrides(settings);
    let service = Service::new("gateway", "1.0.0");
    let started = service.start::<NoSettings, _>(loader, async |service| {
        let channel = service.grpc_client("starter")?.build()?;
        let register = async move || register(channel).await;
        service.http(Routes::new().post("/users", register));
        Ok(())
    });
    started.await.unwrap()
}

/// Registers a user over gRPC.
async fn register(channel: GrpcChannel) -> Result<(), Error> {
    let mut client = Grpc::new(channel);
    client.ready().await.map_err(Error::internal)?;
    let request = Request::new(RegisterRequest {
        username: "eve".to_owned(),
        password: PASSWORD.to_owned(),
    });
    let codec = ProstCodec::<RegisterRequest, RegisterReply>::default();
    let method = PathAndQuery::from_static("/auth.v1.Auth/Register");
    let reply = client.unary(request, method, codec).await;
    let reply = reply.map_err(Error::internal)?.into_inner();
    assert!(!reply.message.is_empty());
    Ok(())
}

fn text(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Value::StringValue(text)) => text,
        _ => String::new(),
    }
}

/// Spans by their IDs, with the names of their services.
type Spans = HashMap<Vec<u8>, (String, Span)>;

fn add(spans: &mut Spans, body: &[u8]) {
    let export = ExportTraceServiceRequest::decode(body).unwrap();
    for resource in export.resource_spans {
        let attributes = resource.resource.unwrap_or_default().attributes;
        let service = text(&attributes, "service.name");
        let exported = resource.scope_spans.into_iter();
        for span in exported.flat_map(|scope| scope.spans) {
            spans.insert(span.span_id.clone(), (service.clone(), span));
        }
    }
}

/// Returns the spans from the caller to the statement that inserts a user: the service, the kind,
/// and the protocol of each. `None` if one is missing.
fn chain(spans: &Spans) -> Option<Vec<(&str, SpanKind, &'static str)>> {
    let is_insert = |(_, span): &&(String, Span)| {
        text(&span.attributes, "db.query.text").contains("INTO users")
    };
    let mut next = spans.values().find(is_insert);
    let mut chain = Vec::new();
    while let Some((service, span)) = next {
        let protocols = ["db.system.name", "rpc.system", "http.request.method"];
        let mut protocols = protocols.into_iter();
        let protocol = protocols.find(|key| !text(&span.attributes, key).is_empty());
        chain.push((service.as_str(), span.kind(), protocol.unwrap_or_default()));
        if span.parent_span_id == CALLER {
            chain.reverse();
            return Some(chain);
        }
        next = spans.get(&span.parent_span_id);
    }
    None
}

pub(crate) fn trace_crosses_http_grpc_and_database_obs_6(database: &EmptyDatabase) {
    let (collector, bodies) = collector();
    let settings = [
        format!("tracing.endpoint=http://{collector}"),
        "tracing.schedule_delay=10ms".to_owned(),
    ];
    let replica = Replica::start_with(database, &settings.each_ref().map(String::as_str));
    let runtime = Runtime::new().unwrap();
    let gateway = runtime.block_on(start_gateway(replica.grpc().unwrap(), collector));
    let parent = format!(
        "00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01",
        data_encoding::HEXLOWER.encode(&CALLER)
    );
    let headers = [("traceparent", parent.as_str())];
    let registered = request(gateway.addresses().http, "POST", "/users", &headers, "").unwrap();
    assert_eq!(registered.status, 200, "{}", registered.body);
    let mut spans = Spans::new();
    while chain(&spans).is_none() {
        let body = bodies.recv_timeout(TIMEOUT);
        let body = body.unwrap_or_else(|_| panic!("{spans:#?}"));
        add(&mut spans, &body);
    }
    let expected = [
        ("gateway", SpanKind::Server, "http.request.method"),
        ("gateway", SpanKind::Client, "rpc.system"),
        ("starter", SpanKind::Server, "rpc.system"),
        ("starter", SpanKind::Client, "db.system.name"),
    ];
    assert_eq!(chain(&spans).unwrap(), expected);
    runtime.block_on(gateway.stop());
}

pub(crate) fn flag_turns_tracing_off_and_on_flag_2(database: &EmptyDatabase) {
    let (address, bodies) = collector();
    let settings = [
        format!("tracing.endpoint=http://{address}"),
        "tracing.schedule_delay=10ms".to_owned(),
        "tracing.sample_ratio=1".to_owned(),
    ];
    let replica = Replica::start_with(database, &settings.each_ref().map(String::as_str));
    let (admin, _) = users(database, &replica);
    let off = json!({ "config": { "enabled": false } });
    let changed = call(&replica, &admin, "PUT", "/tracing", &off);
    assert_eq!(changed.status, 200, "{}", changed.body);
    // The switch follows the change at once on this replica.
    let get = |path: &str| replica.call("GET", path, &admin, "").status;
    assert_eq!(get("/helloworld/Ada"), 200);
    let changed = call(&replica, &admin, "POST", "/tracing/enable", &json!({}));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(get("/api/v1/auth/profile"), 200);
    let mut seen = Vec::new();
    while !contains(&seen, b"/api/v1/auth/profile") {
        seen.extend(bodies.recv_timeout(TIMEOUT).unwrap());
    }
    assert!(!contains(&seen, b"/helloworld"));
}

/// The fields of `auth.v1.RegisterRequest` that the call needs.
#[derive(Clone, PartialEq, prost::Message)]
struct RegisterRequest {
    #[prost(string, tag = "1")]
    username: String,
    #[prost(string, tag = "2")]
    password: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RegisterReply {
    #[prost(string, tag = "1")]
    message: String,
}

//! Traces of requests, as a collector gets them.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use seaworthy::axum::http::uri::PathAndQuery;
use seaworthy_testkit::{database::EmptyDatabase, http::request};
use serde_json::json;
use tonic::{Request, client::Grpc, transport::Endpoint};
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

pub(crate) fn spans_of_both_transports_reach_the_database_obs_6(database: &EmptyDatabase) {
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

    // A call over gRPC in the same trace reaches the database too.
    seen.clear();
    let address = replica.grpc().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(register(&format!("http://{address}"), &parent));
    let (method, statement) = (b"auth.v1.Auth".as_slice(), b"INSERT INTO users".as_slice());
    while !(contains(&seen, &trace) && contains(&seen, method) && contains(&seen, statement)) {
        seen.extend(bodies.recv_timeout(TIMEOUT).unwrap());
    }
    assert!(!contains(&seen, PASSWORD.as_bytes()));
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

/// Registers a user over gRPC in a trace.
async fn register(address: &str, parent: &str) {
    let channel = Endpoint::from_shared(address.to_owned()).unwrap();
    let mut client = Grpc::new(channel.connect().await.unwrap());
    client.ready().await.unwrap();
    let mut request = Request::new(RegisterRequest {
        username: "eve".to_owned(),
        password: PASSWORD.to_owned(),
    });
    let metadata = request.metadata_mut();
    metadata.insert("traceparent", parent.parse().unwrap());
    let codec = ProstCodec::<RegisterRequest, RegisterReply>::default();
    let method = PathAndQuery::from_static("/auth.v1.Auth/Register");
    let reply = client.unary(request, method, codec).await.unwrap();
    assert!(!reply.into_inner().message.is_empty());
}

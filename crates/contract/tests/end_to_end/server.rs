use axum::{Extension, body::Body};
use http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use seaworthy_contract::{
    AroundCalls, Contract as _, ContractConfig, ContractMethod as _, UnsafeCall,
};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Server};

use crate::{
    generated::{LibraryContract, LibraryMethod, library_client::LibraryClient},
    library::Shelves,
};

/// Servers of both transports over one implementation. They end with the runtime of the test.
pub(crate) struct Running {
    http: String,
    pub(crate) grpc: String,
    client: Client<HttpConnector, Body>,
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn content_type(&self) -> &str {
        self.headers[header::CONTENT_TYPE].to_str().unwrap()
    }

    /// The fields that a rejection names, sorted.
    pub(crate) fn bad_fields(&self) -> Vec<String> {
        let mut fields: Vec<String> = self.json()["fields"]
            .as_array()
            .unwrap_or_else(|| panic!("no fields in {}", self.text()))
            .iter()
            .map(|field| field["field"].as_str().unwrap().to_owned())
            .collect();
        fields.sort();
        fields
    }
}

impl Running {
    pub(crate) async fn start() -> Self {
        let (running, [http, grpc]) = Self::bind().await;
        let contract = LibraryContract::new(Shelves);
        let router = contract.unguarded_router();
        tokio::spawn(async move { axum::serve(http, router).await });
        tokio::spawn(
            Server::builder()
                .add_service(contract.unguarded_grpc())
                .serve_with_incoming(TcpListenerStream::new(grpc)),
        );
        running
    }

    /// Starts servers that run `around` around each call. All calls count as unsafe calls of
    /// `method`.
    pub(crate) async fn start_around(around: impl AroundCalls, method: LibraryMethod) -> Self {
        let (running, [http, grpc]) = Self::bind().await;
        let config = ContractConfig::default().with_around_calls(around);
        let contract = LibraryContract::with_config(Shelves, config);
        let mark = Extension(UnsafeCall(method.description()));
        let router = contract.unguarded_router().layer(mark);
        tokio::spawn(async move { axum::serve(http, router).await });
        tokio::spawn(
            Server::builder()
                .layer(mark)
                .add_service(contract.unguarded_grpc())
                .serve_with_incoming(TcpListenerStream::new(grpc)),
        );
        running
    }

    async fn bind() -> (Self, [TcpListener; 2]) {
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let grpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let running = Self {
            http: format!("http://{}", http.local_addr().unwrap()),
            grpc: format!("http://{}", grpc.local_addr().unwrap()),
            client: Client::builder(TokioExecutor::new()).build_http(),
        };
        (running, [http, grpc])
    }

    pub(crate) async fn library(&self) -> LibraryClient<Channel> {
        LibraryClient::connect(self.grpc.clone()).await.unwrap()
    }

    pub(crate) async fn grpc_channel(&self) -> Channel {
        Channel::from_shared(self.grpc.clone())
            .unwrap()
            .connect()
            .await
            .unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.call("POST", path, &[("content-type", "application/json")], body)
            .await
    }

    /// Sends the head of a request and no body, and returns the head of the response.
    pub(crate) async fn head_of_request(&self, path: &str, headers: &[(&str, &str)]) -> String {
        use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

        let address = self.http.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let mut head = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).await.unwrap();
        line
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Vec<u8>>,
    ) -> Reply {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.http));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.into())).unwrap();
        let response: Response<hyper::body::Incoming> = self.client.request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes().to_vec(),
        }
    }
}

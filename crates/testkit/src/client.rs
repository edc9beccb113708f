//! A client that calls a service in the process of the test, without a socket.

use std::{
    fmt::{Debug, Display},
    future::poll_fn,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use http_body_util::{BodyExt as _, Full};
use serde::{Serialize, de::DeserializeOwned};
use tower_service::Service;

/// Calls a tower service, such as an `axum::Router`, without a socket. Its methods panic where a
/// test would fail.
///
/// ```
/// use axum::{Router, routing::get};
/// use seaworthy_testkit::client::TestClient;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let routes = Router::new().route("/greeting", get(|| async { "hello" }));
/// let response = TestClient::new(routes).get("/greeting").send().await;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.text(), "hello");
/// # });
/// ```
#[derive(Debug, Clone)]
pub struct TestClient<S>(S);

/// A request of a [`TestClient`].
#[derive(Debug)]
#[must_use = "call send"]
pub struct TestRequest<S> {
    service: S,
    request: Request<Full<Bytes>>,
}

/// The complete response to a [`TestRequest`].
#[derive(Debug)]
pub struct TestResponse(Response<Bytes>);

impl<S: Clone> TestClient<S> {
    /// Creates a client of a service.
    pub const fn new(service: S) -> Self {
        Self(service)
    }

    /// Starts a request.
    ///
    /// # Panics
    /// The path is not a valid URI.
    pub fn request(&self, method: Method, path: &str) -> TestRequest<S> {
        let uri: Result<Uri, _> = path.parse();
        let mut request = Request::new(Full::default());
        *request.method_mut() = method;
        *request.uri_mut() = require(uri, "the path is not a URI");
        TestRequest {
            service: self.0.clone(),
            request,
        }
    }

    /// Starts a GET request.
    pub fn get(&self, path: &str) -> TestRequest<S> {
        self.request(Method::GET, path)
    }

    /// Starts a POST request.
    pub fn post(&self, path: &str) -> TestRequest<S> {
        self.request(Method::POST, path)
    }

    /// Starts a PUT request.
    pub fn put(&self, path: &str) -> TestRequest<S> {
        self.request(Method::PUT, path)
    }

    /// Starts a DELETE request.
    pub fn delete(&self, path: &str) -> TestRequest<S> {
        self.request(Method::DELETE, path)
    }
}

impl<S> TestRequest<S> {
    /// Adds a header.
    ///
    /// # Panics
    /// The name or the value is not valid.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = require(HeaderName::try_from(name), "the header name is not valid");
        let value = require(HeaderValue::try_from(value), "the header is not valid");
        self.request.headers_mut().append(name, value);
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.request.body_mut() = Full::new(body.into());
        self
    }

    /// Sets a JSON body and its `Content-Type`.
    ///
    /// # Panics
    /// The value cannot be serialized.
    pub fn json(self, value: &impl Serialize) -> Self {
        let body = require(serde_json::to_vec(value), "the body cannot be serialized");
        self.header("content-type", "application/json").body(body)
    }

    /// Sends the request and reads the whole response.
    ///
    /// # Panics
    /// The service or the body of the response fails.
    pub async fn send<B>(self) -> TestResponse
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Debug>,
        B: Body<Data = Bytes, Error: Display>,
    {
        let Self {
            mut service,
            request,
        } = self;
        let ready = poll_fn(|context| service.poll_ready(context)).await;
        require(ready, "the service is not ready");
        let response = require(service.call(request).await, "the service failed");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string());
        let body = require(body, "the body of the response failed").to_bytes();
        TestResponse(Response::from_parts(parts, body))
    }
}

impl TestResponse {
    /// Returns the status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// Returns the headers.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.0.headers()
    }

    /// Returns the first value of a header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// Returns the body.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        self.0.body()
    }

    /// Returns the body as text. Invalid UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// Returns the body as JSON.
    ///
    /// # Panics
    /// The body is not valid JSON of this type.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        require(
            serde_json::from_slice(self.bytes()),
            "the body is not the expected JSON",
        )
    }
}

#[expect(clippy::panic, reason = "a test fails by a panic")]
#[track_caller]
fn require<T, E: Debug>(result: Result<T, E>, problem: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{problem}: {error:?}"),
    }
}

#[cfg(test)]
mod tests {
    use axum::{
        Json, Router,
        extract::Path,
        routing::{get, post},
    };

    use super::*;

    fn client() -> TestClient<Router> {
        let double = async |Path(number): Path<u32>| Json(number * 2);
        let echo = async |headers: HeaderMap, body: String| {
            let kind = headers.get("content-type").cloned();
            ([("x-type", kind.unwrap())], body)
        };
        let routes = Router::new().route("/double/{number}", get(double));
        TestClient::new(routes.route("/echo", post(echo)))
    }

    #[tokio::test]
    async fn client_calls_routes_without_socket_http_1() {
        let response = client().get("/double/21").send().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.json::<u32>(), 42);
        assert_eq!(client().get("/none").send().await.status(), 404);
    }

    #[tokio::test]
    async fn client_sends_json_and_headers_http_1() {
        let response = client().post("/echo").json(&[1, 2]).send().await;
        assert_eq!(response.text(), "[1,2]");
        assert_eq!(response.header("x-type"), Some("application/json"));
    }
}

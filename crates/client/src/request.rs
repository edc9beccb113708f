use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method,
    header::{
        AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TE, TRANSFER_ENCODING, UPGRADE,
    },
};
use http_body::Body;
use seaworthy_core::{Secret, Timeout};
use seaworthy_resilience::retry::Idempotent;
use serde::Serialize;
use url::Url;

use crate::{ClientError, HttpClient, HttpResponse, RequestBody, Target, call, client::Inner};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Headers that frame a message. The client sets them, because wrong ones allow request smuggling.
const FRAMING: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE];

/// A request builder. [`RequestBuilder::send`] reports errors of all its methods.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    pub(crate) client: Arc<Inner>,
    pub(crate) method: Method,
    pub(crate) url: Result<Url, ClientError>,
    pub(crate) headers: HeaderMap,
    pub(crate) extensions: Extensions,
    pub(crate) body: Content,
    pub(crate) timeout: Option<Duration>,
    pub(crate) follows_redirects: bool,
}

/// A body in memory, which a redirect can repeat, or a stream.
pub(crate) enum Content {
    Bytes(Bytes),
    Stream(RequestBody),
}

impl RequestBuilder {
    pub(crate) fn new(client: &HttpClient, method: Method, target: Target<'_>) -> Self {
        let client = client.current();
        Self {
            url: target.resolve(client.config.base_url.as_ref()),
            client,
            method,
            headers: HeaderMap::new(),
            extensions: Extensions::new(),
            body: Content::Bytes(Bytes::new()),
            timeout: None,
            follows_redirects: true,
        }
    }

    fn fail(&mut self, problem: &'static str) {
        if self.url.is_ok() {
            self.url = Err(ClientError::url(problem));
        }
    }

    /// Sets a header and replaces earlier values. Headers that frame the message are rejected.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(_)) if FRAMING.contains(&name) => {
                self.fail("headers that frame the message cannot be set");
            }
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            _ => self.fail("a header is not valid"),
        }
        self
    }

    /// Sets `Authorization: Bearer`. A redirect to another origin removes it.
    pub fn bearer(mut self, token: &Secret<String>) -> Self {
        match HeaderValue::from_str(&format!("Bearer {}", token.expose())) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(AUTHORIZATION, value);
            }
            Err(_) => self.fail("the token is not a valid header"),
        }
        self
    }

    /// Sets `Idempotency-Key`, which allows retries.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Marks the request as idempotent, which allows retries for every method.
    pub fn idempotent(mut self) -> Self {
        self.extensions.insert(Idempotent);
        self
    }

    /// Adds fields to the query, escaped.
    pub fn query(mut self, fields: &impl Serialize) -> Self {
        let Ok(more) = serde_urlencoded::to_string(fields) else {
            self.fail("the query cannot be written");
            return self;
        };
        if let Ok(url) = &mut self.url
            && !more.is_empty()
        {
            let query = match url.query() {
                Some(query) if !query.is_empty() => format!("{query}&{more}"),
                _ => more,
            };
            url.set_query(Some(&query));
        }
        self
    }

    /// Sets a JSON body.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                self.headers.entry(CONTENT_TYPE).or_insert(JSON);
                self.body = Content::Bytes(bytes.into());
            }
            Err(_) => self.fail("the body cannot be serialized as JSON"),
        }
        self
    }

    /// Sets a body of bytes.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Content::Bytes(bytes.into());
        self
    }

    /// Sets a streamed body.
    pub fn stream<B>(mut self, body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.body = Content::Stream(RequestBody::stream(body));
        self
    }

    /// Shortens `policies.total_timeout` for this call.
    pub fn timeout(mut self, limit: Timeout) -> Self {
        self.timeout = Some(limit.get());
        self
    }

    /// Returns redirects as responses, for a body that only one recipient may read.
    pub fn without_redirects(mut self) -> Self {
        self.follows_redirects = false;
        self
    }

    /// Sends the request and waits for the response head, after retries and redirects. Every status
    /// is a response. See [`HttpResponse::success`].
    ///
    /// # Errors
    /// [`ClientError`] if there is no response.
    pub async fn send(self) -> Result<HttpResponse, ClientError> {
        call::send(self).await
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RequestBuilder")
            .field("client", &self.client.name)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

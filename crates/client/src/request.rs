use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{
    Extensions, HeaderMap, HeaderName, HeaderValue, Method,
    header::{
        AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, TE, TRANSFER_ENCODING, UPGRADE,
    },
};
use http_body::Body;
use seaworthy_core::{Secret, Timeout};
use seaworthy_resilience::retry::Repeatable;
use serde::Serialize;
use url::Url;

use crate::{ClientError, HttpClient, HttpResponse, RequestBody, Target, call};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Headers that say where a message ends and whom the connection serves. Two that disagree with the body smuggle requests.
const FRAMING: [HeaderName; 5] = [CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING, UPGRADE];

/// A request that is being made. What is wrong with it is told by [`RequestBuilder::send`].
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    pub(crate) client: HttpClient,
    pub(crate) method: Method,
    pub(crate) url: Result<Url, ClientError>,
    pub(crate) headers: HeaderMap,
    pub(crate) extensions: Extensions,
    pub(crate) body: Content,
    pub(crate) timeout: Option<Duration>,
    pub(crate) follows_redirects: bool,
}

/// A body that is in memory, so that a redirect can repeat it, or one that is not.
pub(crate) enum Content {
    Bytes(Bytes),
    Stream(RequestBody),
}

impl RequestBuilder {
    pub(crate) fn new(client: &HttpClient, method: Method, target: Target<'_>) -> Self {
        Self {
            url: target.resolve(client.config().base_url.as_ref()),
            client: client.clone(),
            method,
            headers: HeaderMap::new(),
            extensions: Extensions::new(),
            body: Content::Bytes(Bytes::new()),
            timeout: None,
            follows_redirects: true,
        }
    }

    fn mistake(&mut self, problem: &'static str) {
        if self.url.is_ok() {
            self.url = Err(ClientError::url(problem));
        }
    }

    /// Sets a header, in place of what it was before. Those that frame the message are the client's own.
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName>,
        V: TryInto<HeaderValue>,
    {
        match (name.try_into(), value.try_into()) {
            (Ok(name), Ok(_)) if FRAMING.contains(&name) => {
                self.mistake("a header that frames the message is set by hand");
            }
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            _ => self.mistake("a header cannot be sent"),
        }
        self
    }

    /// Sends a token as `Authorization: Bearer`. It does not follow a redirect to another origin.
    pub fn bearer(mut self, token: &Secret<String>) -> Self {
        match HeaderValue::from_str(&format!("Bearer {}", token.expose())) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(AUTHORIZATION, value);
            }
            Err(_) => self.mistake("the token cannot be sent in a header"),
        }
        self
    }

    /// Lets the request be tried again: the dependency does what it names once.
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Lets the request be tried again although its method does not say so.
    pub fn repeatable(mut self) -> Self {
        self.extensions.insert(Repeatable);
        self
    }

    /// Adds fields to the query, escaped.
    pub fn query(mut self, fields: &impl Serialize) -> Self {
        let Ok(more) = serde_urlencoded::to_string(fields) else {
            self.mistake("the query cannot be written");
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

    /// Sends a value as JSON.
    pub fn json(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => {
                self.headers.entry(CONTENT_TYPE).or_insert(JSON);
                self.body = Content::Bytes(bytes.into());
            }
            Err(_) => self.mistake("the value cannot be written as JSON"),
        }
        self
    }

    /// Sends bytes.
    pub fn body(mut self, bytes: impl Into<Bytes>) -> Self {
        self.body = Content::Bytes(bytes.into());
        self
    }

    /// Sends a body that comes piece by piece.
    pub fn stream<B>(mut self, body: B) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.body = Content::Stream(RequestBody::stream(body));
        self
    }

    /// Gives the whole call less time than `policies.total_timeout`. It never lengthens it.
    pub fn timeout(mut self, limit: Timeout) -> Self {
        self.timeout = Some(limit.get());
        self
    }

    /// Takes a redirect for an answer like any other, whatever the client does else: for a body that is for one recipient alone.
    pub fn without_redirects(mut self) -> Self {
        self.follows_redirects = false;
        self
    }

    /// Sends the request, with all attempts and redirects, and waits for the head of the answer. Every status is an answer; see [`HttpResponse::success`].
    ///
    /// # Errors
    /// [`ClientError`] with the limit and the host when there is no answer.
    pub async fn send(self) -> Result<HttpResponse, ClientError> {
        call::send(self).await
    }
}

impl fmt::Debug for RequestBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RequestBuilder")
            .field("client", &self.client)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

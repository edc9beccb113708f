//! Objects in S3 and compatible servers.

mod read;
mod response;
mod write;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use futures::FutureExt as _;
use http::{
    Method,
    header::{ACCEPT_ENCODING, CONTENT_LENGTH},
};
use jiff::Timestamp;
use rusty_s3::{Credentials, S3Action, UrlStyle, actions::ListObjectsV2};
use seaworthy_client::{
    BaseUrl, HttpClient, HttpClientBuilder, HttpClientConfig, Propagation, RequestBuilder,
};
use seaworthy_core::Timeout;
use url::Url;

use self::response::{Condition, checked, header, meta_of, plain_tag, text};
use crate::{
    ListOptions, ListPage, ListedObject, MultipartUpload, Object, ObjectKey, ObjectMeta, Part,
    PutOptions, SignedRequest, StorageConfig, StorageError, StorageUrl,
    content::Reader,
    engine::{Engine, Step},
    range::ByteRange,
    signed::Grant,
};

/// Validity of a signature, longer than all attempts of a call and usual clock differences.
const SIGNATURE_TTL: Duration = Duration::from_secs(300);

pub(crate) struct S3Engine(Arc<Bucket>);

/// A bucket and the client of its server.
struct Bucket {
    client: HttpClient,
    bucket: rusty_s3::Bucket,
    /// The bucket at the address that clients use.
    public: rusty_s3::Bucket,
    credentials: Credentials,
}

impl S3Engine {
    pub(crate) fn new(
        config: &StorageConfig,
        builder: HttpClientBuilder,
    ) -> Result<Self, StorageError> {
        let (Some(access_key), Some(secret_key)) = (&config.access_key, &config.secret_key) else {
            return Err(StorageError::Settings(
                "access_key and secret_key are not set: S3 needs both",
            ));
        };
        let credentials = match &config.session_token {
            Some(token) => Credentials::new_with_token(
                access_key.as_str(),
                secret_key.expose().as_str(),
                token.expose().as_str(),
            ),
            None => Credentials::new(access_key.as_str(), secret_key.expose().as_str()),
        };
        let (endpoint, name, style) = address(config)?;
        let bucket_at = |endpoint: Url| {
            let bucket =
                rusty_s3::Bucket::new(endpoint, style, name.clone(), config.region.clone());
            bucket.map_err(|_| StorageError::Settings("the bucket has no valid address"))
        };
        let public = config.public_url.as_ref().map(|base| base.url().clone());
        let public = bucket_at(public.unwrap_or_else(|| endpoint.clone()))?;
        let bucket = bucket_at(endpoint)?;
        let base = bucket.base_url().as_str().parse::<BaseUrl>();
        let base = base.map_err(|_| StorageError::Settings("the bucket has no valid address"))?;
        let builder = builder.configure(move |settings| HttpClientConfig {
            base_url: Some(base.clone()),
            ..settings.cloned().unwrap_or_else(default_client_config)
        });
        Ok(Self(Arc::new(Bucket {
            client: builder.build()?,
            bucket,
            public,
            credentials,
        })))
    }
}

/// Returns the default client settings. S3 is outside the platform, so no context is sent.
fn default_client_config() -> HttpClientConfig {
    HttpClientConfig {
        propagation: Propagation::None,
        ..HttpClientConfig::default()
    }
}

/// Returns the address of the server and the name of the bucket.
fn address(config: &StorageConfig) -> Result<(Url, String, UrlStyle), StorageError> {
    match &config.url {
        StorageUrl::Amazon { bucket } => {
            let endpoint = Url::parse(&format!("https://s3.{}.amazonaws.com", config.region));
            let endpoint = endpoint.map_err(|_| StorageError::Settings("region is not valid"))?;
            // The wildcard certificate of Amazon covers one label, so a dot needs the path style.
            let style = if bucket.contains('.') {
                UrlStyle::Path
            } else {
                UrlStyle::VirtualHost
            };
            Ok((endpoint, bucket.clone(), style))
        }
        StorageUrl::Compatible { endpoint, bucket } => {
            Ok((endpoint.clone(), bucket.clone(), UrlStyle::Path))
        }
        StorageUrl::Memory | StorageUrl::File(_) => {
            Err(StorageError::Settings("the URL is not that of a bucket"))
        }
    }
}

fn method_of(method: rusty_s3::Method) -> Method {
    match method {
        rusty_s3::Method::Head => Method::HEAD,
        rusty_s3::Method::Get => Method::GET,
        rusty_s3::Method::Post => Method::POST,
        rusty_s3::Method::Put => Method::PUT,
        rusty_s3::Method::Delete => Method::DELETE,
    }
}

impl Bucket {
    /// Starts a request for an action. It must send all signed headers.
    fn request<'a, A: S3Action<'a>>(&self, action: &A) -> RequestBuilder {
        let url = action.sign(SIGNATURE_TTL);
        self.client
            .request(method_of(A::METHOD), url.as_str())
            // Request the stored bytes without a content encoding.
            .header(ACCEPT_ENCODING, "identity")
            .without_redirects()
    }

    async fn head(&self, key: &ObjectKey) -> Result<ObjectMeta, StorageError> {
        let action = self
            .bucket
            .head_object(Some(&self.credentials), key.as_str());
        let sent = self.request(&action).send().await?;
        let response = checked(sent, Some(key), Condition::Unchanged).await?;
        let size = header(response.headers(), CONTENT_LENGTH).and_then(|text| text.parse().ok());
        let size = size.ok_or(StorageError::InvalidResponse("it has no Content-Length"))?;
        meta_of(response.headers(), size)
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        let action = self
            .bucket
            .delete_object(Some(&self.credentials), key.as_str());
        let sent = self.request(&action).send().await?;
        match checked(sent, Some(key), Condition::Unchanged).await {
            Ok(_) | Err(StorageError::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn list(&self, options: &ListOptions) -> Result<ListPage, StorageError> {
        let mut action = self.bucket.list_objects_v2(Some(&self.credentials));
        if !options.prefix.is_empty() {
            action.with_prefix(options.prefix.as_str());
        }
        action.with_max_keys(options.max_keys.into());
        if let Some(after) = &options.after {
            action.with_start_after(after.as_str());
        }
        let sent = self.request(&action).send().await?;
        let response = checked(sent, None, Condition::Unchanged).await?;
        let parsed = ListObjectsV2::parse_response(&text(response).await?);
        let parsed = parsed.map_err(|_| StorageError::InvalidResponse("it is not a list"))?;
        // Skip keys that other programs stored and that are not valid here, but page past them.
        let is_truncated = parsed.next_continuation_token.is_some();
        let objects: Vec<_> = parsed
            .contents
            .into_iter()
            .filter_map(|object| {
                let modified = object.last_modified.as_deref();
                let modified = modified.and_then(|text| text.parse::<Timestamp>().ok());
                Some(ListedObject {
                    key: ObjectKey::new(object.key).ok()?,
                    size: object.size.unwrap_or_default(),
                    etag: plain_tag(object.etag.as_deref().unwrap_or_default()),
                    modified: modified.map_or(SystemTime::UNIX_EPOCH, SystemTime::from),
                })
            })
            .collect();
        let next = objects.last().filter(|_| is_truncated);
        let next = next.map(|last| last.key.clone());
        if is_truncated && next.is_none() {
            return Err(StorageError::InvalidResponse(
                "a whole page of the list has keys that are not valid: use another prefix",
            ));
        }
        Ok(ListPage { objects, next })
    }

    async fn check(&self) -> Result<(), StorageError> {
        let action = self.bucket.head_bucket(Some(&self.credentials));
        let sent = self.request(&action).send().await?;
        checked(sent, None, Condition::Unchanged).await.map(drop)
    }

    fn presign(&self, grant: &Grant<'_>, ttl: Timeout) -> SignedRequest {
        let credentials = Some(&self.credentials);
        let (headers, now) = (grant.headers(), Timestamp::now());
        let key = grant.key().as_str();
        let url = match grant {
            Grant::Get(_) => {
                let action = self.public.get_object(credentials, key);
                signed(action, &headers, ttl, &now)
            }
            Grant::Put(..) => {
                let action = self.public.put_object(credentials, key);
                signed(action, &headers, ttl, &now)
            }
            Grant::Part { upload, number, .. } => {
                let action = self
                    .public
                    .upload_part(credentials, key, *number, &upload.id);
                signed(action, &headers, ttl, &now)
            }
        };
        SignedRequest {
            method: grant.method(),
            url,
            headers,
            expires_at: SystemTime::from(now) + ttl.get(),
        }
    }
}

/// Signs an action with these headers, so that a request with other values is rejected.
fn signed<'a, A: S3Action<'a>>(
    mut action: A,
    headers: &[(&'static str, String)],
    ttl: Timeout,
    now: &Timestamp,
) -> Url {
    for (name, value) in headers {
        action.headers_mut().insert(*name, value.clone());
    }
    action.sign_with_time(ttl.get(), now)
}

impl Engine for S3Engine {
    fn put<'a>(
        &'a self,
        key: &'a ObjectKey,
        content: Reader,
        options: &'a PutOptions,
    ) -> Step<'a, ObjectMeta> {
        write::put(&self.0, key, content, options).boxed()
    }

    fn head<'a>(&'a self, key: &'a ObjectKey) -> Step<'a, ObjectMeta> {
        self.0.head(key).boxed()
    }

    fn get<'a>(&'a self, key: &'a ObjectKey, range: ByteRange) -> Step<'a, Object> {
        read::get(&self.0, key, range).boxed()
    }

    fn delete<'a>(&'a self, key: &'a ObjectKey) -> Step<'a, ()> {
        self.0.delete(key).boxed()
    }

    fn list<'a>(&'a self, options: &'a ListOptions) -> Step<'a, ListPage> {
        self.0.list(options).boxed()
    }

    fn start<'a>(&'a self, key: &'a ObjectKey, options: &'a PutOptions) -> Step<'a, String> {
        self.0.start(key, options).boxed()
    }

    fn put_part<'a>(
        &'a self,
        upload: &'a MultipartUpload,
        number: u16,
        content: Bytes,
    ) -> Step<'a, Part> {
        self.0.put_part(upload, number, content).boxed()
    }

    fn complete<'a>(
        &'a self,
        upload: &'a MultipartUpload,
        parts: &'a [Part],
    ) -> Step<'a, ObjectMeta> {
        self.0.complete(upload, parts).boxed()
    }

    fn abort<'a>(&'a self, upload: &'a MultipartUpload) -> Step<'a, ()> {
        self.0.abort(upload).boxed()
    }

    fn presign(&self, grant: &Grant<'_>, ttl: Timeout) -> Result<SignedRequest, StorageError> {
        Ok(self.0.presign(grant, ttl))
    }

    fn check(&self) -> Step<'_, ()> {
        self.0.check().boxed()
    }
}

impl fmt::Debug for S3Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("S3Engine")
            .field("bucket", &self.0.bucket.name())
            .finish_non_exhaustive()
    }
}

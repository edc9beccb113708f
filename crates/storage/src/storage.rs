use std::{fmt, future::Future, ops::RangeBounds, sync::Arc, time::Instant};

use bytes::Bytes;
use seaworthy_client::{HttpClient, HttpClientBuilder};
use seaworthy_config::Settings;
use seaworthy_core::{ByteSize, Timeout};
use seaworthy_health::{CheckFailure, Probe};
use seaworthy_http::Routes;
use seaworthy_service::{Assembly, StartError};
use seaworthy_telemetry::metrics::Metrics;

use crate::{
    Content, ListOptions, ListPage, MIN_PART_SIZE, MultipartUpload, Object, ObjectKey, ObjectMeta,
    Part, PutOptions, SignedRequest, StorageConfig, StorageError, StorageUrl, UploadConstraints,
    engine::Engine,
    file::FileEngine,
    memory::MemoryEngine,
    metrics::{Operation, StorageMetrics},
    multipart::{self, MAX_PART_SIZE},
    range::ByteRange,
    s3::S3Engine,
    signed::{self, Grant, Signer},
};

/// Maximum validity of a signed URL, as in AWS signature version 4.
const MAX_TTL: Timeout = Timeout::from_secs(7 * 24 * 60 * 60);
/// Minimum validity of a signed URL. Signatures contain whole seconds.
const MIN_TTL: Timeout = Timeout::from_secs(1);

/// A storage of objects. Clones share it.
#[derive(Clone)]
pub struct Storage(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    engine: Box<dyn Engine>,
    metrics: StorageMetrics,
    max_object_size: ByteSize,
    /// For the engines whose signed URLs this service serves.
    signer: Option<Signer>,
}

impl Storage {
    /// Opens the storage of this name for a service. Its health check is optional: without the
    /// storage the service is ready and `degraded`. If signed URLs of `file:` or `memory:` have a
    /// `public_url`, the public listener serves them.
    ///
    /// # Errors
    /// [`StartError`] if the settings are not valid, or if the directory cannot be created.
    pub fn connect<C: Settings>(
        service: &Assembly<C>,
        name: &str,
        config: &StorageConfig,
    ) -> Result<Self, StartError> {
        let builder = service.http_client_builder(name);
        let storage = Self::with_client(name, config, builder, service.metrics());
        let storage = storage.map_err(|error| {
            StartError::with_cause(format!("the storage {name} cannot be opened"), error)
        })?;
        if let Some(routes) = storage.routes() {
            service.http(routes);
        }
        let checked = storage.clone();
        service.health().register(Probe::optional(name, move || {
            let checked = checked.clone();
            async move {
                let result = checked.0.engine.check().await;
                result.map_err(|error| CheckFailure::new(error.to_string()))
            }
        }));
        Ok(storage)
    }

    /// Opens a storage without a service, for example in a command or a test.
    ///
    /// # Errors
    /// [`StorageError::Settings`] if the settings are not valid, or an error of the directory or of
    /// the HTTP client.
    pub fn open(name: &str, config: &StorageConfig) -> Result<Self, StorageError> {
        Self::with_client(name, config, HttpClient::builder(name), &Metrics::new())
    }

    fn with_client(
        name: &str,
        config: &StorageConfig,
        builder: HttpClientBuilder,
        metrics: &Metrics,
    ) -> Result<Self, StorageError> {
        let (engine, signer): (Box<dyn Engine>, _) = match &config.url {
            StorageUrl::Memory => {
                let signer = Signer::new(config)?;
                let engine = MemoryEngine::new(config.max_memory, signer.clone());
                (Box::new(engine), Some(signer))
            }
            StorageUrl::File(directory) => {
                let signer = Signer::new(config)?;
                let engine = FileEngine::open(directory, signer.clone())?;
                (Box::new(engine), Some(signer))
            }
            StorageUrl::Amazon { .. } | StorageUrl::Compatible { .. } => {
                (Box::new(S3Engine::new(config, builder)?), None)
            }
        };
        let name: Arc<str> = name.into();
        Ok(Self(Arc::new(Inner {
            metrics: StorageMetrics::new(&name, metrics),
            name,
            engine,
            max_object_size: config.max_object_size,
            signer,
        })))
    }

    /// Returns the maximum size of an object.
    #[must_use]
    pub fn max_object_size(&self) -> ByteSize {
        self.0.max_object_size
    }

    /// Returns the routes that serve the signed URLs of `file:` and `memory:`, at the path of
    /// `public_url`. [`connect`](Self::connect) has added them. `None` for S3.
    #[must_use]
    pub fn routes(&self) -> Option<Routes> {
        let signer = self.0.signer.clone()?;
        let path = signer.path()?;
        Some(signed::routes(self.clone(), signer, &path))
    }

    async fn recorded<T>(
        &self,
        operation: Operation,
        step: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        let begun = Instant::now();
        let result = step.await;
        self.0.metrics.record(operation, begun, &result);
        result
    }

    /// Stores an object, and replaces an existing one. Readers see the old object until the new one
    /// is complete.
    ///
    /// # Errors
    /// [`StorageError::TooLarge`] above `max_object_size`, [`StorageError::Size`] if the content
    /// does not have its declared size, [`StorageError::AlreadyExists`] with
    /// [`PutOptions::only_if_absent`], or an error of the engine.
    pub async fn put(
        &self,
        key: &ObjectKey,
        content: impl Into<Content>,
        options: &PutOptions,
    ) -> Result<ObjectMeta, StorageError> {
        let content = content.into();
        self.recorded(Operation::Put, async {
            options.check()?;
            let reader = content.reader(self.0.max_object_size)?;
            self.0.engine.put(key, reader, options).await
        })
        .await
    }

    /// Returns the properties of an object.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], or an error of the engine.
    pub async fn head(&self, key: &ObjectKey) -> Result<ObjectMeta, StorageError> {
        self.recorded(Operation::Head, self.0.engine.head(key))
            .await
    }

    /// Returns an object, whose body is a stream.
    ///
    /// # Errors
    /// [`StorageError::NotFound`], or an error of the engine. The body fails with
    /// [`StorageError::Changed`] if the object is replaced during the read.
    pub async fn get(&self, key: &ObjectKey) -> Result<Object, StorageError> {
        let step = self.0.engine.get(key, ByteRange::WHOLE);
        self.recorded(Operation::Get, step).await
    }

    /// Returns a range of an object, in bytes. An end after the object is the end of the object.
    ///
    /// # Errors
    /// As for [`get`](Self::get), and [`StorageError::Range`] if the range is empty or begins after
    /// the object.
    pub async fn get_range(
        &self,
        key: &ObjectKey,
        range: impl RangeBounds<u64>,
    ) -> Result<Object, StorageError> {
        let step = self.0.engine.get(key, ByteRange::new(&range));
        self.recorded(Operation::Get, step).await
    }

    /// Deletes an object. Succeeds if it does not exist.
    ///
    /// # Errors
    /// An error of the engine.
    pub async fn delete(&self, key: &ObjectKey) -> Result<(), StorageError> {
        self.recorded(Operation::Delete, self.0.engine.delete(key))
            .await
    }

    /// Returns a page of the objects whose keys have a prefix.
    ///
    /// # Errors
    /// [`StorageError::Argument`] if the prefix is not valid, or an error of the engine.
    pub async fn list(&self, options: &ListOptions) -> Result<ListPage, StorageError> {
        self.recorded(Operation::List, async {
            options.check()?;
            self.0.engine.list(options).await
        })
        .await
    }

    /// Starts an upload in parts, which may come from several requests. Complete or abort it,
    /// because its parts use space until then.
    ///
    /// # Errors
    /// An error of the engine.
    pub async fn start_multipart(
        &self,
        key: &ObjectKey,
        options: &PutOptions,
    ) -> Result<MultipartUpload, StorageError> {
        self.recorded(Operation::Multipart, async {
            options.check()?;
            Ok(MultipartUpload {
                key: key.clone(),
                id: self.0.engine.start(key, options).await?,
                only_if_absent: options.only_if_absent,
            })
        })
        .await
    }

    /// Stores a part of at most 16 MiB. A part with the same number is replaced. All parts except
    /// the last one need at least [`MIN_PART_SIZE`] bytes.
    ///
    /// # Errors
    /// [`StorageError::Parts`] if the number is not 1 to 10,000, [`StorageError::TooLarge`],
    /// [`StorageError::NoSuchUpload`], or an error of the engine.
    pub async fn put_part(
        &self,
        upload: &MultipartUpload,
        number: u16,
        content: impl Into<Bytes>,
    ) -> Result<Part, StorageError> {
        let content = content.into();
        self.recorded(Operation::Multipart, async {
            multipart::check_number(number)?;
            let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
            check_part_size(size)?;
            self.0.engine.put_part(upload, number, content).await
        })
        .await
    }

    /// Creates the object from its parts.
    ///
    /// # Errors
    /// [`StorageError::Parts`] if a part is missing, changed or too small,
    /// [`StorageError::NoSuchUpload`], [`StorageError::TooLarge`], or an error of the engine.
    pub async fn complete_multipart(
        &self,
        upload: &MultipartUpload,
        parts: &[Part],
    ) -> Result<ObjectMeta, StorageError> {
        self.recorded(Operation::Multipart, async {
            let (parts, size) = multipart::ordered(parts)?;
            if size > self.0.max_object_size.get() {
                return Err(StorageError::TooLarge(self.0.max_object_size));
            }
            self.0.engine.complete(upload, &parts).await
        })
        .await
    }

    /// Removes the parts of an upload. Succeeds if it does not exist.
    ///
    /// # Errors
    /// An error of the engine.
    pub async fn abort_multipart(&self, upload: &MultipartUpload) -> Result<(), StorageError> {
        self.recorded(Operation::Multipart, self.0.engine.abort(upload))
            .await
    }

    /// Signs a URL to download an object. Does not perform I/O.
    ///
    /// # Errors
    /// [`StorageError::Argument`] if `ttl` is not one second to seven days, or
    /// [`StorageError::Settings`] if `public_url` is missing.
    pub fn presign_get(
        &self,
        key: &ObjectKey,
        ttl: Timeout,
    ) -> Result<SignedRequest, StorageError> {
        self.presign(&Grant::Get(key), ttl)
    }

    /// Signs a URL to upload an object with this size and media type. Does not perform I/O.
    ///
    /// # Errors
    /// As for [`presign_get`](Self::presign_get), [`StorageError::TooLarge`] if the size is above
    /// `max_object_size`, and [`StorageError::MissingConstraints`] for
    /// [`UploadConstraints::with_max_size`] on S3.
    pub fn presign_put(
        &self,
        key: &ObjectKey,
        constraints: &UploadConstraints,
        ttl: Timeout,
    ) -> Result<SignedRequest, StorageError> {
        constraints.check()?;
        if constraints.max_size() > self.0.max_object_size.get() {
            return Err(StorageError::TooLarge(self.0.max_object_size));
        }
        if constraints.needs_max_size() && self.0.signer.is_none() {
            return Err(StorageError::MissingConstraints);
        }
        self.presign(&Grant::Put(key, constraints), ttl)
    }

    /// Signs a URL to upload a part with exactly this size. Does not perform I/O.
    ///
    /// # Errors
    /// As for [`presign_get`](Self::presign_get), and the errors of [`put_part`](Self::put_part).
    pub fn presign_part(
        &self,
        upload: &MultipartUpload,
        number: u16,
        size: u64,
        ttl: Timeout,
    ) -> Result<SignedRequest, StorageError> {
        multipart::check_number(number)?;
        check_part_size(size)?;
        let grant = Grant::Part {
            upload,
            number,
            size,
        };
        self.presign(&grant, ttl)
    }

    fn presign(&self, grant: &Grant<'_>, ttl: Timeout) -> Result<SignedRequest, StorageError> {
        if !(MIN_TTL..=MAX_TTL).contains(&ttl) {
            return Err(StorageError::Argument(
                "a signed URL is valid for one second to seven days",
            ));
        }
        self.0.engine.presign(grant, ttl)
    }
}

fn check_part_size(size: u64) -> Result<(), StorageError> {
    const { assert!(MIN_PART_SIZE < MAX_PART_SIZE) };
    if size > MAX_PART_SIZE {
        return Err(StorageError::TooLarge(ByteSize::bytes(MAX_PART_SIZE)));
    }
    Ok(())
}

impl fmt::Debug for Storage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Storage")
            .field("name", &self.0.name)
            .field("engine", &self.0.engine)
            .finish_non_exhaustive()
    }
}

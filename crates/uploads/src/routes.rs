use std::sync::Arc;

use axum::{
    extract::{Path, Request},
    http::{Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, any},
};
use seaworthy_core::{ByteSize, Timeout, context};
use seaworthy_http::{Access, RouteOptions, Routes};
use uuid::Uuid;

use crate::{NewUpload, Uploads, form, resumable};

/// The timeout of a request. The listener also enforces a minimum rate of the body.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(60 * 60);
/// The owner of uploads without authentication.
const ANONYMOUS: &str = "anonymous";
/// The maximum size of a form without its file, in bytes.
const FORM_OVERHEAD: u64 = 64 * 1024;

/// The routes of uploads for one purpose.
#[derive(Debug, Clone)]
#[must_use]
pub struct UploadRoutes {
    pub(crate) uploads: Uploads,
    pub(crate) path: Arc<str>,
    purpose: Arc<str>,
    access: Access,
    timeout: Timeout,
}

impl Uploads {
    /// Describes routes at this path for uploads with this purpose. The owner is the authenticated
    /// user.
    ///
    /// | Request | Effect |
    /// | --- | --- |
    /// | `POST path` with `multipart/form-data` | Stores the field with a file name |
    /// | `POST path` with `Upload-Complete` or `Tus-Resumable` | Creates a resumable upload |
    /// | `OPTIONS path` | Returns the limits |
    /// | `HEAD path/{id}` | Returns the offset |
    /// | `PATCH path/{id}` | Appends bytes |
    /// | `DELETE path/{id}` | Cancels the upload |
    ///
    /// Raise `server.http.limits.body` if uploads are larger or slower than its defaults.
    pub fn routes(&self, path: &str, purpose: &str) -> UploadRoutes {
        UploadRoutes {
            uploads: self.clone(),
            path: path.into(),
            purpose: purpose.into(),
            access: Access::Authenticated,
            timeout: DEFAULT_TIMEOUT,
        }
    }
}

impl UploadRoutes {
    /// Sets who may upload. All anonymous users share one quota.
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Sets the timeout of a request.
    pub fn timeout(mut self, timeout: Timeout) -> Self {
        self.timeout = timeout;
        self
    }

    /// Builds the routes.
    pub fn build(self) -> Routes {
        let limit = self.uploads.store().config().max_size.get();
        let options = RouteOptions::new()
            .access(self.access)
            .timeout(self.timeout)
            .body_limit(ByteSize::bytes(limit.saturating_add(FORM_OVERHEAD)))
            .streams_body();
        let (all, one) = (self.clone(), self.clone());
        let collection: MethodRouter = any(async move |request: Request| all.all(request).await);
        let item: MethodRouter =
            any(async move |Path(id): Path<String>, request: Request| one.one(&id, request).await);
        let path = &*self.path;
        Routes::new()
            .route_with(path, collection, options.clone())
            .route_with(&format!("{path}/{{id}}"), item, options)
    }

    async fn all(&self, request: Request) -> Response {
        match *request.method() {
            Method::OPTIONS => resumable::limits(self, request.headers()),
            Method::POST if form::is_form(request.headers()) => {
                let received = form::receive(self, request).await;
                received.unwrap_or_else(|error| seaworthy_core::Error::from(error).into_response())
            }
            Method::POST => resumable::create(self, request).await,
            _ => not_allowed("OPTIONS, POST"),
        }
    }

    async fn one(&self, id: &str, request: Request) -> Response {
        let Ok(id) = Uuid::try_parse(id) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        match *request.method() {
            Method::OPTIONS => resumable::limits(self, request.headers()),
            Method::HEAD | Method::GET => resumable::offset(self, id, request).await,
            Method::PATCH => resumable::append(self, id, request).await,
            Method::DELETE => resumable::cancel(self, id, request).await,
            _ => not_allowed("DELETE, GET, HEAD, OPTIONS, PATCH"),
        }
    }

    /// Returns an upload of the caller.
    pub(crate) fn new_upload(&self) -> NewUpload {
        NewUpload::new(owner(), &*self.purpose)
    }
}

/// Returns the owner of the uploads of this request.
pub(crate) fn owner() -> String {
    context::with_current(|context| {
        let actor = context.and_then(|context| context.actor());
        actor.map_or_else(|| ANONYMOUS.to_owned(), |actor| actor.as_str().to_owned())
    })
}

fn not_allowed(methods: &'static str) -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, methods)]).into_response()
}

use std::sync::Arc;

use axum::{
    extract::{Path, Request},
    http::{HeaderValue, Method, header},
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, any},
};
use seaworthy_core::{ByteSize, Code, Error, Timeout};
use seaworthy_http::{Access, Form, RouteOptions, Routes, request_owner};
use uuid::Uuid;

use crate::{NewUpload, UploadError, Uploads, append::PART_SIZE, form, resumable};

/// The timeout of a request. The listener also enforces a minimum rate of the body.
const DEFAULT_TIMEOUT: Timeout = Timeout::from_secs(60 * 60);

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
    /// Sets who may upload. Anonymous clients of one network share a quota, with at most five
    /// incomplete uploads for an hour. Any anonymous client that knows the ID of such an upload may
    /// continue it.
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
        let limit = self.uploads.store().config().max_size;
        let part_size = ByteSize::bytes(PART_SIZE.try_into().unwrap_or(u64::MAX));
        let options = RouteOptions::new()
            .access(self.access)
            .timeout(self.timeout)
            .body_limit(Form::size_with_file(limit))
            .buffers_body(Form::size_with_file(part_size));
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
            Method::POST => match Form::boundary(request.headers()) {
                Some(boundary) => {
                    let received = form::receive(self, boundary, request).await;
                    received.unwrap_or_else(|error| Error::from(error).into_response())
                }
                None => resumable::create(self, request).await,
            },
            _ => not_allowed("OPTIONS, POST"),
        }
    }

    async fn one(&self, id: &str, request: Request) -> Response {
        let Ok(id) = Uuid::try_parse(id) else {
            return Error::from(UploadError::NotFound).into_response();
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
        NewUpload::new(request_owner(), &*self.purpose)
    }
}

fn not_allowed(methods: &'static str) -> Response {
    let error = Error::new(
        Code::MethodNotAllowed,
        "METHOD_NOT_ALLOWED",
        format!("the path does not support this method: use {methods}"),
    );
    let mut response = error.into_response();
    let allow = HeaderValue::from_static(methods);
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

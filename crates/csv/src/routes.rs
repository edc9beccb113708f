use std::{fmt, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, RawQuery, Request},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode, header};
use seaworthy_config::Settings;
use seaworthy_core::{ByteSize, Code, Error, Timeout, context};
use seaworthy_http::{
    Access, Form, FormError, Json, RouteOptions, Routes, is_anonymous_owner, request_owner,
};
use seaworthy_realtime::{Client, Hub, sse};
use seaworthy_service::Assembly;
use uuid::Uuid;

use crate::{
    CsvImport, Delimiter, Encoding, ImportError, ImportMode, ImportRows, Imports, NewImport, live,
    store::PIECE_SIZE,
};

/// The timeout of a request with a file. The listener also enforces a minimum rate of the body.
const TIMEOUT: Timeout = Timeout::from_secs(30 * 60);
/// Maximum size of an option. The longest option is the name of a file.
const MAX_OPTION_SIZE: ByteSize = ByteSize::bytes(200);

/// The routes of imports.
#[must_use]
pub struct ImportRoutes<R> {
    imports: Imports<R>,
    path: Arc<str>,
    access: Access,
    page: Option<Arc<str>>,
    hub: Option<Hub>,
}

impl<R: ImportRows> Imports<R> {
    /// Describes routes at this path. The owner is the authenticated user.
    ///
    /// | Request | Effect |
    /// | --- | --- |
    /// | `POST path` with `text/csv` | Creates an import. Options are in the query |
    /// | `POST path` with `multipart/form-data` | Creates an import from the first file of a form |
    /// | `GET path`, `GET path/{id}` | Returns imports and their progress |
    /// | `GET path/{id}/report.csv` | Returns the bad rows |
    /// | `GET path/{id}/live` | Server-sent events `progress`, with [`live`](ImportRoutes::live) |
    /// | `POST path/{id}/confirm`, `/cancel`, `/undo` | Changes an import |
    ///
    /// Options of an import are `mode` (`batches`, `all_or_nothing`), `dry_run` (`true`),
    /// `encoding` (`utf-8`, `windows-1252`), `delimiter` (`detect`, `comma`, `semicolon`, `tab`,
    /// `pipe`) and `name`. In a form they come before the file.
    ///
    /// Raise `server.http.limits.body` if files are larger or slower than its defaults.
    pub fn routes(&self, path: &str) -> ImportRoutes<R> {
        ImportRoutes {
            imports: self.clone(),
            path: path.into(),
            access: Access::Authenticated,
            page: None,
            hub: None,
        }
    }
}

impl<R: ImportRows> ImportRoutes<R> {
    /// Sets who may import. Anonymous clients of one network are one owner, and need the ID of an
    /// import to read it: they cannot list imports.
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Redirects a browser that sends a form to `page/{id}`, so that a form works without a script.
    pub fn page(mut self, page: &str) -> Self {
        self.page = Some(page.into());
        self
    }

    /// Serves progress as server-sent events.
    pub fn live<C: Settings>(mut self, service: &Assembly<C>, hub: &Hub) -> Self {
        live::start(service, &self.imports, hub);
        self.hub = Some(hub.clone());
        self
    }

    /// Builds the routes.
    pub fn build(self) -> Routes {
        let options = RouteOptions::new().access(self.access);
        let limit = self.imports.config().file.max_size;
        let sending = options
            .clone()
            .timeout(TIMEOUT)
            .body_limit(Form::size_with_file(limit))
            .buffers_body(Form::size_with_file(ByteSize::bytes(PIECE_SIZE)));
        let path = &*self.path;
        let (all, page) = (self.imports.clone(), self.page.clone());
        let collection = post(async move |query: RawQuery, request: Request| {
            create(&all, page.as_deref(), query, request).await
        });
        let all = self.imports.clone();
        let collection = collection.get(async move || -> Result<Response, Error> {
            let owner = request_owner();
            if is_anonymous_owner(&owner) {
                let text = "sign in to list your imports";
                return Err(Error::new(Code::Unauthenticated, "UNAUTHENTICATED", text));
            }
            Ok(Json(all.list(&owner).await?).into_response())
        });
        let all = self.imports.clone();
        let one = get(
            async move |Path(id): Path<Uuid>| -> Result<Response, Error> {
                Ok(Json(all.find(id, &request_owner()).await?).into_response())
            },
        );
        let all = self.imports.clone();
        let report = get(
            async move |Path(id): Path<Uuid>| -> Result<Response, Error> {
                let report = all.report_csv(id, &request_owner()).await?;
                let headers = [
                    (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                    (
                        header::CONTENT_DISPOSITION,
                        "attachment; filename=\"report.csv\"",
                    ),
                ];
                Ok((headers, report).into_response())
            },
        );
        let (all, page) = (self.imports.clone(), self.page.clone());
        let change = post(
            async move |Path((id, action)): Path<(Uuid, String)>,
                        headers: HeaderMap|
                        -> Result<Response, Error> {
                let owner = request_owner();
                let changed = match action.as_str() {
                    "confirm" => all.confirm(id, &owner).await?,
                    "cancel" => all.cancel(id, &owner).await?,
                    "undo" => all.undo(id, &owner).await?,
                    _ => return Ok(StatusCode::NOT_FOUND.into_response()),
                };
                Ok(respond(StatusCode::OK, &changed, page.as_deref(), &headers))
            },
        );
        let routes = Routes::new()
            .route_with(path, collection, sending)
            .route_with(&format!("{path}/{{id}}"), one, options.clone())
            .route_with(
                &format!("{path}/{{id}}/report.csv"),
                report,
                options.clone(),
            )
            .route_with(
                &format!("{path}/{{id}}/{{action}}"),
                change,
                options.clone(),
            );
        let Some(hub) = self.hub else {
            return routes;
        };
        let all = self.imports;
        let follow = get(
            async move |Path(id): Path<Uuid>| -> Result<Response, Error> {
                all.find(id, &request_owner()).await?;
                let client = context::with_current(|context| context.map(Client::from_context));
                let connection = hub.connect(&client.unwrap_or_default())?;
                let room = live::room(id).map_err(Error::internal)?;
                connection.join(room).map_err(Error::internal)?;
                Ok(sse(connection))
            },
        );
        routes.route_with(&format!("{path}/{{id}}/live"), follow, options)
    }
}

impl<R> fmt::Debug for ImportRoutes<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ImportRoutes")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Responds with the import, or redirects a browser without a script to its page.
fn respond(
    status: StatusCode,
    import: &CsvImport,
    page: Option<&str>,
    headers: &HeaderMap,
) -> Response {
    let accept = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    match page {
        Some(page) if accept.is_some_and(|accept| accept.contains("text/html")) => {
            Redirect::to(&format!("{page}/{}", import.id)).into_response()
        }
        _ => (status, Json(import)).into_response(),
    }
}

async fn create<R: ImportRows>(
    imports: &Imports<R>,
    page: Option<&str>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    let new = NewImport::new(request_owner());
    let import = match Form::boundary(&parts.headers) {
        Some(boundary) => from_form(imports, new, boundary, body).await?,
        None => {
            let mut new = new;
            for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
                new = with_option(new, &name, &value)?;
            }
            imports.create(new, body.into_data_stream()).await?
        }
    };
    Ok(respond(StatusCode::CREATED, &import, page, &parts.headers))
}

/// Reads the options of a form, and imports its first file.
async fn from_form<R: ImportRows>(
    imports: &Imports<R>,
    mut new: NewImport,
    boundary: String,
    body: Body,
) -> Result<CsvImport, ImportError> {
    // `create` enforces the limit of a file.
    let mut form = Form::new(body, boundary, ByteSize::bytes(u64::MAX));
    while let Some(field) = form.next_field().await? {
        if let Some(name) = field.file_name() {
            new = new.name(name);
            return imports.create(new, field.into_file()).await;
        }
        let name = field.name().unwrap_or_default().to_owned();
        new = with_option(new, &name, &field.text(MAX_OPTION_SIZE).await?)?;
    }
    Err(ImportError::Invalid(
        "the form has no file: send a field with a file name after the options",
    ))
}

impl From<FormError> for ImportError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLarge(_) => Self::Invalid("an option has more than 200 bytes"),
            FormError::FieldsTooLarge => Self::Invalid(
                "the form has more than 64 KiB before its file: remove fields that are not options",
            ),
            FormError::NotText => Self::Invalid("an option is not valid UTF-8"),
            error => Self::Body(error.into()),
        }
    }
}

/// Sets an option. Ignores other fields of the form.
fn with_option(new: NewImport, name: &str, value: &str) -> Result<NewImport, ImportError> {
    Ok(match name {
        "name" => new.name(value),
        "mode" => new.mode(ImportMode::parse(value).ok_or(ImportError::Invalid(
            "mode is not valid: use batches or all_or_nothing",
        ))?),
        "encoding" => new.encoding(Encoding::parse(value).ok_or(ImportError::Invalid(
            "encoding is not valid: use utf-8 or windows-1252",
        ))?),
        "delimiter" => new.delimiter(Delimiter::parse(value).ok_or(ImportError::Invalid(
            "delimiter is not valid: use detect, comma, semicolon, tab or pipe",
        ))?),
        "dry_run" => match value {
            "true" | "on" => new.dry_run(),
            "false" | "" => new,
            _ => {
                return Err(ImportError::Invalid(
                    "dry_run is not valid: use true or false",
                ));
            }
        },
        _ => new,
    })
}

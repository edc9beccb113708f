//! A service with resumable uploads, whose worker copies each upload to a result. Tests kill it,
//! and clients of both protocols use it.

use std::process::ExitCode;

use schemars::JsonSchema;
use seaworthy_core::Error;
use seaworthy_data::{Database, DatabaseConfig};
use seaworthy_http::{Access, Json, Path, RouteOptions, Routes};
use seaworthy_messaging::{
    Event, Message, Messaging, MessagingConfig, Received, Subscription, Topics,
};
use seaworthy_outbox::{Outbox, OutboxConfig};
use seaworthy_service::{Assembly, Commands, Service, StartError};
use seaworthy_storage::{Content, InvalidKey, ObjectKey, PutOptions, Storage, StorageConfig};
use seaworthy_uploads::{
    IncomingUpload, ProcessError, ProcessUpload, Upload, UploadStore, UploadWorker, Uploads,
    UploadsConfig,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ServerConfig {
    /// The rows of uploads and the outbox.
    database: DatabaseConfig,
    /// The broker.
    broker: MessagingConfig,
    /// The outbox.
    outbox: OutboxConfig,
    /// The objects.
    files: StorageConfig,
    /// Limits of uploads.
    uploads: UploadsConfig,
    /// Whether a worker processes uploads.
    has_worker: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Uploaded {
    id: Uuid,
}

impl Event for Uploaded {
    const TYPE: &'static str = "trial.uploaded";
    const VERSION: u32 = 1;
}

/// Copies the content.
struct Copy;

impl ProcessUpload for Copy {
    fn results(&self, upload: &Upload) -> Result<Vec<ObjectKey>, InvalidKey> {
        Ok(vec![ObjectKey::new(format!("copies/{}", upload.id))?])
    }

    async fn process(&self, incoming: IncomingUpload<'_>) -> Result<Value, ProcessError> {
        let keys = self.results(incoming.upload());
        let [key] = keys
            .map_err(ProcessError::failed)?
            .try_into()
            .map_err(|_| ProcessError::failed("an upload has one result"))?;
        let content = Content::stream(incoming.open().await?.into_body());
        let options = PutOptions::new("application/octet-stream");
        incoming.results().put(&key, content, &options).await?;
        Ok(json!({ "size": incoming.upload().size }))
    }
}

pub(crate) fn main() -> ExitCode {
    Service::new("upload-server", "1").main_with(Commands::new(), assemble)
}

async fn assemble(service: &Assembly<ServerConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let sets = &[seaworthy_uploads::MIGRATIONS, seaworthy_outbox::MIGRATIONS];
    let database = Database::connect(service, "database", &settings.database, sets).await?;
    let messaging = Messaging::connect(service, "broker", &settings.broker).await?;
    let publisher = messaging
        .publisher(Topics::new().with_unroutable::<Uploaded>())
        .await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let files = Storage::connect(service, "files", &settings.files)?;
    let metrics = service.metrics();
    let store = UploadStore::new(database, files.clone(), files, &settings.uploads, metrics);
    let uploads = Uploads::start(service, &store, &outbox, |upload| {
        Message::from_event(&Uploaded { id: upload.id })
    });
    if settings.has_worker {
        let worker = UploadWorker::new(&store, Copy);
        let work = Subscription::new("workers").on(move |received: Received<Uploaded>| {
            let worker = worker.clone();
            async move { worker.process(received.event().id).await }
        });
        messaging.subscribe(work).await?;
    }
    service.http(
        uploads
            .routes("/uploads", "trial")
            .access(Access::Public)
            .build(),
    );
    let status = async move |Path(id): Path<Uuid>| -> Result<Json<Value>, Error> {
        let upload = store.find(id).await?;
        Ok(Json(
            json!({ "status": upload.status.as_str(), "details": upload.details }),
        ))
    };
    let options = RouteOptions::new().access(Access::Public);
    let status = axum::routing::get(status);
    service.http(Routes::new().route_with("/status/{id}", status, options));
    Ok(())
}

//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::AuditLog, config::LegacyVariable, messaging::Topics, operation_log::OperationLog,
    outbox::Consumer, prelude::*, storage::Storage,
};
use tutoring_contract::events::{
    BusinessEvent, CertificateIssued, CourseAccessGranted, CourseChanged, CourseCompleted,
    CourseProgressUpdated, NotificationRequested, PurchaseCreated,
};
use tutoring_identity::{
    Backend, DATABASE, Stores, behind_gateway_with, storage_variables, store_variables, stores,
};

use crate::{
    api,
    config::{CourseConfig, DEFAULT_SIGNED_URL},
    courses::{Courses, consumers},
    invariants::INVARIANTS,
    store::{MIGRATIONS, uploads},
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-course";
/// The name of the storage in logs, probes and metrics.
const MEDIA: &str = "media";
/// Requests per minute of one address, above the limits of the gateway.
const REQUESTS: u32 = 600;

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 1] = [LegacyVariable::sets("PLATFORM_TIMEZONE", "time_zone")];

/// Returns the service with its default ports: HTTP 3005, admin listener 3105.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway_with(service, "COURSE_SERVICE_PORT", [3005, 3105], REQUESTS)
        .default_value("server.http.max_body_size", "64KiB")
        .legacy_variables(store_variables())
        .legacy_variables(storage_variables("media"))
        .legacy_variables(VARIABLES)
}

stores!(CourseConfig);

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = CourseConfig::commands(MIGRATIONS, || Consumer::topics(consumers()))
        .with(INVARIANTS.command(DATABASE, CourseConfig::database));
    service().main_with(commands, assemble)
}

/// Returns the topics that the service publishes.
fn published_topics() -> Topics {
    Topics::new()
        .with_unroutable::<BusinessEvent<CourseChanged>>()
        .with_unroutable::<BusinessEvent<PurchaseCreated>>()
        .with_unroutable::<BusinessEvent<CourseAccessGranted>>()
        .with_unroutable::<BusinessEvent<CourseProgressUpdated>>()
        .with_unroutable::<BusinessEvent<CourseCompleted>>()
        .with_unroutable::<BusinessEvent<CertificateIssued>>()
        .with_unroutable::<BusinessEvent<NotificationRequested>>()
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<CourseConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let (connections, topics) = (settings.backend()?, published_topics());
    let backend = Backend::start(service, &connections, topics, MIGRATIONS).await?;
    OperationLog::start(service, &backend.database, &settings.operation_log, &[])?;
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    let media = settings
        .media
        .clone()
        .with_public_address(DEFAULT_SIGNED_URL);
    let media = Storage::connect(service, MEDIA, &media)?;
    if settings.media.public_url.is_none() {
        let reason = "media.public_url must be set: users upload to it";
        return Err(StartError::new(reason));
    }
    service.worker(uploads::purge_worker(&backend.database));
    let courses = Arc::new(Courses {
        database: backend.database.clone(),
        outbox: backend.outbox.clone(),
        audit,
        media,
        zone: settings.time_zone.clone(),
        certificate_url: settings.certificate_url.clone(),
    });
    if settings.seed {
        courses.seed().await.map_err(|error| {
            StartError::with_cause("the sample course cannot be created", error)
        })?;
    }
    backend.consume(consumers(), &courses).await?;
    service.http(api::routes(courses));
    Ok(())
}

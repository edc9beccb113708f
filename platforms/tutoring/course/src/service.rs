//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{AuditLog, AuditLogConfig, audit_log_command},
    config::{Conversion, LegacyVariable},
    data::{Database, DatabaseConfig, migrate_command},
    messaging::{Messaging, MessagingConfig, Topics, dead_letters_command},
    operation_log::OperationLog,
    outbox::{Outbox, outbox_command},
    prelude::*,
    service::Commands,
    storage::Storage,
};
use tutoring_contract::{
    events::{
        CertificateIssued, CourseAccessGranted, CourseChanged, CourseCompleted,
        CourseProgressUpdated, NotificationRequested, Occurred, PaymentRefunded, PurchaseConfirmed,
        PurchaseCreated, SessionCompleted, StudentChanged, StudentDeallocated, TrainerAllocated,
    },
    use_envelopes,
};
use tutoring_identity::{BROKER, DATABASE, LiveSessions, STORE_VARIABLES, behind_gateway_with};

use crate::{
    api,
    config::CourseConfig,
    courses::{Courses, subscriptions},
    invariants::INVARIANTS,
    store::{MIGRATIONS, Uploads},
};

/// The name of the service in logs and metrics.
const NAME: &str = "tutoring-course";
/// The name of the storage in logs, probes and metrics.
const MEDIA: &str = "media";
/// Requests per minute of one address, above the limits of the gateway.
const REQUESTS: u32 = 600;

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 3] = [
    LegacyVariable::converted("COURSE_SERVICE_PORT", "server.http.addr", Conversion::Port),
    LegacyVariable::sets("PLATFORM_TIMEZONE", "time_zone"),
    LegacyVariable::rejected("AWS_S3_BUCKET", "set media.url to s3://BUCKET"),
];

/// Returns the service with its default ports: HTTP 3005, admin listener 3105.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway_with(service, REQUESTS)
        .default_value("server.http.addr", "127.0.0.1:3005")
        .default_value("admin.addr", "127.0.0.1:3105")
        .default_value("server.http.max_body_size", "64KiB")
        .legacy_variables(STORE_VARIABLES)
        .legacy_variables(VARIABLES)
}

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = Commands::new()
        .with(migrate_command(DATABASE, database, MIGRATIONS))
        .with(outbox_command(DATABASE, database))
        .with(dead_letters_command(BROKER, broker, consumed_topics))
        .with(audit_log_command(DATABASE, audit_log))
        .with(INVARIANTS.command(database));
    service().main_with(commands, assemble)
}

fn database(settings: &CourseConfig) -> &DatabaseConfig {
    &settings.database
}

fn broker(settings: &CourseConfig) -> &MessagingConfig {
    &settings.broker
}

fn audit_log(settings: &CourseConfig) -> (&DatabaseConfig, &AuditLogConfig) {
    (&settings.database, &settings.audit_log)
}

/// Returns the topics that the service consumes.
fn consumed_topics() -> Topics {
    Topics::from_event::<Occurred<PurchaseConfirmed>>()
        .with::<Occurred<PaymentRefunded>>()
        .with::<Occurred<SessionCompleted>>()
        .with::<Occurred<TrainerAllocated>>()
        .with::<Occurred<StudentDeallocated>>()
        .with::<Occurred<StudentChanged>>()
}

/// Returns the topics that the service publishes.
fn published_topics() -> Topics {
    Topics::new()
        .with_unroutable::<Occurred<CourseChanged>>()
        .with_unroutable::<Occurred<PurchaseCreated>>()
        .with_unroutable::<Occurred<CourseAccessGranted>>()
        .with_unroutable::<Occurred<CourseProgressUpdated>>()
        .with_unroutable::<Occurred<CourseCompleted>>()
        .with_unroutable::<Occurred<CertificateIssued>>()
        .with_unroutable::<Occurred<NotificationRequested>>()
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<CourseConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    use_envelopes(service);
    let live = LiveSessions::new(settings.redis.as_ref())?;
    let bearer = settings.access_tokens.authentication_with_services(
        service,
        Some(live.into()),
        &settings.service_tokens,
    )?;
    service.authenticate(bearer);
    let database = Database::connect(service, DATABASE, &settings.database, MIGRATIONS).await?;
    OperationLog::start(service, &database, &settings.operation_log, &[])?;
    let messaging = Messaging::connect(service, BROKER, &settings.broker).await?;
    let publisher = messaging.publisher(published_topics()).await?;
    let outbox = Outbox::start(service, &database, publisher, &settings.outbox).await?;
    let audit = AuditLog::start(service, &database, &settings.audit_log)?;
    let media = Storage::connect(service, MEDIA, &settings.media)?;
    if settings.media.public_url.is_none() {
        let reason = "media.public_url must be set: users upload to it";
        return Err(StartError::new(reason));
    }
    let inboxes = outbox.clone();
    // One worker removes the messages of all inboxes, which share a table.
    inboxes
        .inbox(NAME, &settings.outbox)
        .purge_regularly(service);
    service.worker(Uploads::purge_worker(&database));
    let courses = Arc::new(Courses {
        database,
        outbox,
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
    for subscription in subscriptions(&courses, |group| inboxes.inbox(group, &settings.outbox)) {
        messaging.subscribe(subscription).await?;
    }
    service.http(api::routes(courses));
    Ok(())
}

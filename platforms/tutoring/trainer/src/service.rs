//! Assembles the service.

use std::{process::ExitCode, sync::Arc};

use seaworthy::{
    audit_log::{self, AuditLog},
    config::LegacyVariable,
    data::{LEASE_MIGRATIONS, MigrationSet, migration},
    messaging::Topics,
    operation_log::{self, OperationLog},
    outbox::{self, Consumer},
    prelude::*,
};
use tutoring_contract::events::{
    AdminOverride, BusinessEvent, PayrollRecalculated, TrainerChanged,
};
use tutoring_identity::{Backend, Stores, backend_variables, behind_gateway, sealer, stores};

use crate::{
    api::{self, Api},
    config::TrainerConfig,
    consumers::consumer,
};

/// The name of the service in logs, metrics and settings.
const NAME: &str = "tutoring-trainer";
/// The largest request is a profile.
const MAX_BODY_SIZE: &str = "64KiB";
/// The name of the key that encrypts bank details.
const BANK_DETAILS: &str = "bank-details";
/// The fields of requests with bank details.
const BANK_DETAILS_FIELDS: [&str; 3] = ["accountNumber", "ifsc", "accountHolderName"];

const MIGRATIONS: &[MigrationSet] = &[
    outbox::MIGRATIONS,
    audit_log::MIGRATIONS,
    operation_log::MIGRATIONS,
    LEASE_MIGRATIONS,
    MigrationSet::for_service(&[
        migration!(1, "trainers", "../migrations/0001_trainers"),
        migration!(2, "reviews", "../migrations/0002_reviews"),
        migration!(3, "payroll", "../migrations/0003_payroll"),
        migration!(4, "punctuality", "../migrations/0004_punctuality"),
    ]),
];

/// The environment variables that only this legacy service has.
const VARIABLES: [LegacyVariable; 1] = [LegacyVariable::sets("PLATFORM_TIMEZONE", "time_zone")];

/// Returns the service with its default ports: HTTP 3004, admin listener 3104.
#[must_use]
pub fn service() -> Service {
    let service = Service::new(NAME, env!("CARGO_PKG_VERSION"));
    behind_gateway(service, "TRAINER_SERVICE_PORT", [3004, 3104])
        .default_value("server.http.max_body_size", MAX_BODY_SIZE)
        .legacy_variables(backend_variables())
        .legacy_variables(VARIABLES)
}

stores!(TrainerConfig, backend);

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let commands = TrainerConfig::commands(MIGRATIONS, || Consumer::topics([consumer()]));
    service().main_with(commands, assemble)
}

/// Assembles the service.
///
/// # Errors
/// [`StartError`] for invalid settings and unavailable dependencies.
pub async fn assemble(service: &Assembly<TrainerConfig>) -> Result<(), StartError> {
    service.document(include_str!("../docs/openapi.json"));
    let settings = service.settings();
    let key = settings.bank_details_key.as_ref();
    let sealer = sealer(key, "bank_details_key", BANK_DETAILS)?;
    let topics = Topics::new()
        .with_unroutable::<BusinessEvent<TrainerChanged>>()
        .with_unroutable::<BusinessEvent<PayrollRecalculated>>()
        .with_unroutable::<BusinessEvent<AdminOverride>>();
    let backend = Backend::start(service, &settings.backend, topics, MIGRATIONS).await?;
    let operations = settings.operation_log.clone();
    let operations = operations.with_masked_fields(&BANK_DETAILS_FIELDS);
    OperationLog::start(service, &backend.database, &operations, &[])?;
    let audit = AuditLog::start(service, &backend.database, &settings.audit_log)?;
    let api = Arc::new(Api {
        backend,
        audit,
        sealer,
        zone: settings.time_zone.clone(),
    });
    api.backend.consume([consumer()], &api).await?;
    service.http(api::routes(api));
    Ok(())
}

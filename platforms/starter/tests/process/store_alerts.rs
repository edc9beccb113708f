//! The alerts on leases, overrides of flags, the audit log and data keys: a fault of the stored
//! state fires them, their runbooks work, and they resolve.

use std::path::Path;

use seaworthy_deploy::Overlay;
use seaworthy_testkit::{
    alerts::{Alerts, ObservedService},
    database::EmptyDatabase,
    eventually,
    http::{get, request},
    prometheus::compress,
    requirement::required,
};
use serde_json::json;

use crate::{
    alerts::{FACTOR, TOKEN, rendered},
    app::{PASSWORD, Replica, SECRETS, builder, command, execute, grant_admin},
    features::wait,
    logs::remembered,
};

/// The alerts on overrides and expired keys fire early.
const OVERLAY: &str =
    "[alerts.FlagOverrideOld]\nthreshold = 2.0\n[alerts.DataKeyExpired]\nfor = \"5m\"\n";
const ROTATION: &str = "rotate%20data%20keys";
const VERIFICATION: &str = "verify%20audit%20log";
const REASON: &str = "INC-7";

/// The environment of a pod, for the commands of runbooks.
fn environment(database: &EmptyDatabase) -> Vec<(String, String)> {
    let url = format!("data.database.url={}", database.url());
    let settings = SECRETS.into_iter().chain([url.as_str()]);
    settings
        .map(|setting| {
            let (key, value) = setting.split_once('=').unwrap();
            let variable = key.replace('.', "__").to_uppercase();
            (format!("STARTER__{variable}"), value.to_owned())
        })
        .collect()
}

/// Runs, pauses or resumes a worker as an operator does.
fn operate(replica: &Replica, worker: &str, action: &str) {
    let path = format!("/workers/{worker}/{action}");
    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str()), ("x-admin-request", "1")];
    let answer = request(replica.admin, "POST", &path, &headers, "").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn change_flag(database: &EmptyDatabase, change: &[&str]) {
    let author = ["--reason", REASON, "--actor", "ops"];
    command(database, &[&["flags"], change, &author].concat());
}

#[test]
fn faults_of_stored_state_fire_their_alerts_obs_9_ship_4() {
    let Some(program) = required("SEAWORTHY_TEST_PROMETHEUS") else {
        return;
    };
    let database = EmptyDatabase::sqlite().unwrap();
    // A service in another deployment, which Prometheus does not scrape, holds the lease.
    let other = builder(database.url()).start().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let held = "worker_lease_held{worker=\"rotate data keys\"} 1";
    runtime.block_on(eventually(async || {
        get(other.admin, "/metrics").unwrap().body.contains(held)
    }));

    let settings = [
        "kms.refresh_interval=50ms",
        "kms.delete_after=5s",
        &format!("admin.token={TOKEN}"),
    ];
    let replica = Replica::start_with(&database, &settings);
    let files = rendered(replica.admin.port(), &Overlay::read(OVERLAY).unwrap());
    let rules = compress(&files["prometheus/starter.rules.yaml"], FACTOR);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.yaml"), "{}\n").unwrap();
    let observed = ObservedService {
        name: "starter",
        program: Path::new(env!("CARGO_BIN_EXE_starter")),
        config: folder.path().to_owned(),
        environment: environment(&database),
        admin: replica.admin,
        token: TOKEN,
    };
    let alerts = Alerts::start(program, &rules, files, observed).unwrap();
    // Steps in between have runtimes of their own.
    let fires = |alert, known| drop(runtime.block_on(alerts.fires(alert, known)));
    let resolves = |alert| runtime.block_on(alerts.resolves(&[alert]));

    fires("WorkerLeaseNotHeld", "\"standby\":true");
    for alert in ["FlagOverrideOld", "AuditLogDamaged", "DataKeyExpired"] {
        assert!(!alerts.is_firing(alert).unwrap(), "{alert}");
    }
    assert!(other.stop().unwrap().status.success());
    resolves("WorkerLeaseNotHeld");

    change_flag(&database, &["set", "user.management", "off"]);
    fires("FlagOverrideOld", REASON);
    change_flag(&database, &["unset", "user.management"]);
    resolves("FlagOverrideOld");

    // The flag allows registrations again.
    wait(|| replica.register("ada").status == 200);
    grant_admin(&database, "ada");
    execute(
        &database,
        "UPDATE audit_log SET action = 'role.revoke' WHERE action = 'role.grant'",
    );
    operate(&replica, VERIFICATION, "run");
    fires("AuditLogDamaged", "was altered");
    execute(
        &database,
        "UPDATE audit_log SET action = 'role.grant' WHERE action = 'role.revoke'",
    );
    operate(&replica, VERIFICATION, "run");
    resolves("AuditLogDamaged");

    operate(&replica, ROTATION, "pause");
    execute(
        &database,
        "UPDATE kms_data_keys SET expires_at = created_at WHERE status = 'active'",
    );
    // The replica reads the keys to encrypt an address.
    let eve = json!({
        "username": "eve", "password": PASSWORD, "email": remembered("eve@example.net"),
    });
    assert_eq!(replica.post("/api/v1/auth/register", &eve).status, 200);
    fires("DataKeyExpired", "\"paused\":true");
    operate(&replica, ROTATION, "resume");
    operate(&replica, ROTATION, "run");
    resolves("DataKeyExpired");
}

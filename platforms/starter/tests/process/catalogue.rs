//! The flags by domain, as operators see them.

use std::fs;

use seaworthy_testkit::{database::EmptyDatabase, http::get};
use serde_json::json;

use crate::{
    app::{Replica, json_of},
    features::{call, users},
};

const FLAGS: &str = r#"
report.basic:
  enabled: true
  apis: ["GET /api/v1/operations"]
  capabilities: { permissions: ["report:read"], audit_logs: ["report"] }
report.advanced: { enabled: false, routes: [/reports, "=1+1"] }
debug_mode: true
"#;

pub(crate) fn flags_are_exported_by_domain_with_their_items_flag_1(database: &EmptyDatabase) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("features.yaml"), FLAGS).unwrap();
    let directory = format!("features.directory={}", folder.path().display());
    let replica = Replica::start_with(database, &[&directory]);
    let (admin, _) = users(database, &replica);
    let off = json!({ "config": { "enabled": false } });
    let changed = call(&replica, &admin, "PUT", "/debug_mode", &off);
    assert_eq!(changed.status, 200, "{}", changed.body);

    let table = get(replica.admin, "/flags/export.csv").unwrap();
    assert_eq!(
        table.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let mut rows = table.body.lines();
    assert_eq!(rows.next(), Some("Domain,Feature,Type,Item,Status,Source"));
    // The flags that the service knows without a file have rows too.
    let of_file = ["report,", "debug_mode,"];
    let rows: Vec<_> = rows
        .filter(|row| of_file.iter().any(|domain| row.starts_with(domain)))
        .collect();
    assert_eq!(
        rows,
        [
            "debug_mode,debug_mode,feature,debug_mode,disabled,runtime",
            "report,report.advanced,feature,report.advanced,disabled,file",
            "report,report.advanced,route,/reports,disabled,file",
            "report,report.advanced,route,'=1+1,disabled,file",
            "report,report.basic,feature,report.basic,enabled,file",
            "report,report.basic,permission,report:read,enabled,file",
            "report,report.basic,api,GET /api/v1/operations,enabled,file",
            "report,report.basic,audit_log,report,enabled,file",
        ]
    );

    let tree = json_of(&get(replica.admin, "/flags/tree").unwrap());
    let report = tree["report"].as_array().unwrap();
    let names: Vec<_> = report.iter().map(|flag| &flag["key"]).collect();
    assert_eq!(names, ["report.advanced", "report.basic"]);
    assert_eq!(
        report[1]["capabilities"],
        json!({
            "permission": ["report:read"],
            "api": ["GET /api/v1/operations"],
            "audit_log": ["report"],
        })
    );
    assert_eq!(tree["debug_mode"][0]["is_enabled"], false, "{tree}");
}

//! A service that imports members from CSV, with a plain form and progress by server-sent events.
//! Tests kill it.

use std::process::ExitCode;

use axum::response::Html;
use schemars::JsonSchema;
use seaworthy_core::Error;
use seaworthy_csv::{
    Column, CsvImport, ImportConfig, ImportRows, Imports, Row, RowProblem, StoreRowsError,
};
use seaworthy_data::{Database, DatabaseConfig, Migration, MigrationSet, Transaction, Value, sql};
use seaworthy_http::{Access, Json, RouteOptions, Routes};
use seaworthy_realtime::{Hub, RealtimeConfig};
use seaworthy_service::{Assembly, Commands, Service, StartError};
use serde::{Deserialize, Serialize};

const MIGRATIONS: &[MigrationSet] = &[
    MigrationSet::for_service(&[Migration::new(
        1,
        "members",
        "CREATE TABLE members (email {string} NOT NULL PRIMARY KEY, age {integer}, import_id {uuid} NOT NULL);
         CREATE INDEX members_import ON members (import_id)",
        "DROP TABLE members",
    )]),
    seaworthy_csv::MIGRATIONS,
];

/// A browser sends this form without a script.
const FORM: &str = "<form method=post action=/imports enctype=multipart/form-data>
<label><input type=checkbox name=dry_run> Check only</label>
<input type=file name=file accept=.csv required> <button>Import</button></form>";

#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct ServerConfig {
    /// The members and their imports.
    database: DatabaseConfig,
    /// Limits of imports.
    imports: ImportConfig,
}

#[derive(Debug, Deserialize)]
struct Member {
    email: String,
    age: Option<u8>,
}

struct Members;

impl ImportRows for Members {
    type Row = Member;

    const KIND: &'static str = "members";
    const COLUMNS: &'static [Column] = &[
        Column::required("email").alias(&["e_mail", "mail"]),
        Column::optional("age"),
    ];
    const CAN_UNDO: bool = true;

    fn check(&self, _: &CsvImport, row: &Member) -> Vec<RowProblem> {
        match row.email.contains('@') {
            true => Vec::new(),
            false => vec![RowProblem::for_column("email", "not an e-mail address")],
        }
    }

    async fn store(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        rows: &[Row<Member>],
    ) -> Result<(), StoreRowsError> {
        let values = rows.iter().map(|row| -> [Value; 3] {
            [
                (&row.value.email).into(),
                row.value.age.map(i32::from).into(),
                import.id.into(),
            ]
        });
        sql("INSERT INTO members (email, age, import_id) VALUES (?, ?, ?)**")
            .bind_rows(values)
            .execute(tx)
            .await?;
        Ok(())
    }

    async fn undo(
        &self,
        tx: &Transaction,
        import: &CsvImport,
        max_rows: u32,
    ) -> Result<u64, StoreRowsError> {
        let found: Vec<(String,)> = sql("SELECT email FROM members WHERE import_id = ? LIMIT ?")
            .bind(import.id)
            .bind(max_rows)
            .fetch_all(tx)
            .await?;
        let removed = sql("DELETE FROM members WHERE email IN (?*)")
            .bind_list(found.into_iter().map(|(email,)| email))
            .execute(tx)
            .await?;
        Ok(removed.rows_affected())
    }
}

fn main() -> ExitCode {
    Service::new("import-server", "1").main_with(Commands::new(), assemble)
}

async fn assemble(service: &Assembly<ServerConfig>) -> Result<(), StartError> {
    let settings = service.settings();
    let database = Database::connect(service, "database", &settings.database, MIGRATIONS).await?;
    let imports = Imports::start(service, &database, &settings.imports, Members);
    let hub = Hub::start(service, &RealtimeConfig::default());
    let routes = imports
        .routes("/imports")
        .access(Access::Public)
        .page("/imports")
        .live(service, &hub);
    service.http(routes.build());
    let count = async move || -> Result<Json<(i64,)>, Error> {
        let count = sql("SELECT COUNT(*) FROM members").fetch_one(&database);
        Ok(Json(count.await?))
    };
    let pages = Routes::new()
        .get("/members", count)
        .get("/", async || Html(FORM));
    let options = |_| RouteOptions::new().access(Access::Public);
    service.http(pages.with_options(options));
    Ok(())
}

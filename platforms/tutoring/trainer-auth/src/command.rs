use seaworthy::{
    data::Database,
    prelude::*,
    service::{
        CommandRun, ServiceCommand,
        clap::{Arg, Command},
    },
};
use tutoring_contract::Territory;
use tutoring_identity::{DATABASE, Stores};

use crate::{
    config::TrainerAuthConfig,
    store::{MIGRATIONS, Place},
};

/// Maximum number of rows of one statement.
const BATCH: usize = 500;

/// A row of the file.
#[derive(Deserialize)]
struct Row {
    pincode: String,
    city: String,
    district: String,
    state: String,
    zone: Option<String>,
    locality: Option<String>,
}

/// Returns the command `pincodes import FILE`. The file is CSV with the columns `pincode`, `city`,
/// `district`, `state`, and optionally `zone` and `locality`.
pub(crate) fn pincodes_command() -> ServiceCommand<TrainerAuthConfig> {
    let import = Command::new("import")
        .about("Import pincodes from a CSV file. Existing pincodes are not changed.")
        .arg(Arg::new("file").required(true));
    let command = Command::new("pincodes")
        .about("Manage pincodes.")
        .subcommand_required(true)
        .subcommand(import);
    ServiceCommand::new(command, |run| Box::pin(import_pincodes(run)))
}

async fn import_pincodes(run: CommandRun<'_, TrainerAuthConfig>) -> Result<(), StartError> {
    let arguments = run.arguments.subcommand().map(|(_, arguments)| arguments);
    let file = arguments.and_then(|arguments| arguments.get_one::<String>("file"));
    let file = file.ok_or_else(|| StartError::new("use `pincodes import FILE`"))?;
    let places = read(file).map_err(|error| {
        StartError::with_cause(format!("{file} is not a valid CSV file of pincodes"), error)
    })?;
    let config = run.service.settings().database();
    let database = Database::connect_for_command(run.service, DATABASE, config, MIGRATIONS).await?;
    for batch in places.chunks(BATCH) {
        let inserted = Place::insert_all(&database, batch).await;
        inserted.map_err(|error| StartError::with_cause("pincodes cannot be stored", error))?;
    }
    let document = json!({ "pincodes": places.len() });
    run.console
        .print(&format!("{} pincodes imported", places.len()), &document);
    Ok(())
}

fn read(file: &str) -> Result<Vec<Place>, csv::Error> {
    let rows = csv::Reader::from_path(file)?.into_deserialize();
    rows.map(|row: Result<Row, _>| {
        let row = row?;
        Ok(Place {
            pincode: row.pincode,
            city: row.city,
            territory: Territory {
                state: Some(row.state),
                district: Some(row.district),
                zone: row.zone.filter(|zone| !zone.is_empty()),
                locality: row.locality.filter(|locality| !locality.is_empty()),
            },
        })
    })
    .collect()
}

use seaworthy::{
    data::Database,
    prelude::*,
    service::{
        CommandRun, ServiceCommand,
        clap::{Arg, Command},
    },
};

use crate::{
    config::AdminConfig,
    service::{DATABASE, accounts},
    store::MIGRATIONS,
};

/// Returns the command `admins create EMAIL NAME`, which creates a super admin. The database must
/// be migrated.
pub(crate) fn admins_command() -> ServiceCommand<AdminConfig> {
    let create = Command::new("create")
        .about("Create a super admin. Prints a temporary password once.")
        .arg(Arg::new("email").required(true))
        .arg(Arg::new("name").required(true));
    let command = Command::new("admins")
        .about("Create administrators.")
        .subcommand_required(true)
        .subcommand(create);
    ServiceCommand::new(command, |run| Box::pin(create_admin(run)))
}

async fn create_admin(run: CommandRun<'_, AdminConfig>) -> Result<(), StartError> {
    let Some(("create", arguments)) = run.arguments.subcommand() else {
        return Err(StartError::new("use `admins create EMAIL NAME`"));
    };
    let argument = |name: &str| {
        arguments
            .get_one::<String>(name)
            .cloned()
            .unwrap_or_default()
    };
    let email = argument("email");
    let config = &run.service.settings().database;
    let database = Database::connect_for_command(run.service, DATABASE, config, MIGRATIONS);
    let accounts = Box::pin(accounts(run.service, database)).await?;
    let created = accounts
        .create_super_admin(&email, &argument("name"), None)
        .await;
    let password = created.map_err(|error| {
        let fields = error.fields().iter();
        let fields: Vec<_> = fields
            .map(|field| format!("{} {}", field.field, field.description))
            .collect();
        let problem = match fields.as_slice() {
            [] => error.message().to_owned(),
            fields => fields.join(", "),
        };
        StartError::with_cause(format!("the admin cannot be created: {problem}"), error)
    })?;
    let password = password.expose();
    let document = json!({ "email": email, "temporaryPassword": password });
    let line = format!("{email} is a super admin with the temporary password {password}");
    run.console.print(&line, &document);
    Ok(())
}

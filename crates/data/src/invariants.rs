use seaworthy_config::Settings;
use seaworthy_service::{CommandRun, ServiceCommand, StartError, clap::Command};
use serde_json::json;

use crate::{Connection, DataResult, Database, DatabaseConfig, sql};

/// Conditions that hold in every committed state of a database: the name, and a query that counts
/// violations.
///
/// ```
/// use seaworthy_data::Invariants;
///
/// const INVARIANTS: Invariants = Invariants(&[(
///     "balance_is_not_negative",
///     "SELECT COUNT(*) FROM wallets WHERE balance < 0",
/// )]);
/// assert_eq!(INVARIANTS.0.len(), 1);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Invariants(pub &'static [(&'static str, &'static str)]);

impl Invariants {
    /// Returns the number of violations of each invariant. Reads only.
    ///
    /// # Errors
    /// An error of the database.
    pub async fn violations(
        self,
        connection: &dyn Connection,
    ) -> DataResult<Vec<(&'static str, u64)>> {
        let mut violations = Vec::new();
        for (name, query) in self.0 {
            let (count,): (u64,) = sql(query).fetch_one(connection).await?;
            violations.push((*name, count));
        }
        Ok(violations)
    }

    /// Returns the command `invariants` of a service binary, which checks the database with this
    /// name. It fails if an invariant is violated.
    #[must_use]
    pub fn command<C: Settings>(
        self,
        name: &'static str,
        config: fn(&C) -> &DatabaseConfig,
    ) -> ServiceCommand<C> {
        let command = Command::new("invariants")
            .about("Check the invariants of the stored data. Fails if one is violated.");
        ServiceCommand::new(command, move |run| Box::pin(self.check(run, name, config)))
    }

    async fn check<C: Settings>(
        self,
        run: CommandRun<'_, C>,
        name: &str,
        config: fn(&C) -> &DatabaseConfig,
    ) -> Result<(), StartError> {
        let config = config(run.service.settings());
        let database = Database::connect_for_command(run.service, name, config, &[]).await?;
        let violations = self
            .violations(&database)
            .await
            .map_err(|error| StartError::with_cause("the invariants cannot be read", error))?;
        let lines = violations
            .iter()
            .map(|(name, count)| format!("{name}: {count} violations"));
        let text = lines.collect::<Vec<_>>().join("\n");
        run.console.print(&text, &json!(violations));
        match violations.iter().all(|(_, count)| *count == 0) {
            true => Ok(()),
            false => Err(StartError::new("an invariant is violated: see the output")),
        }
    }
}

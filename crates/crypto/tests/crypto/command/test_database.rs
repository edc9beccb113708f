use seaworthy_crypto::{Context, Encrypted, Sealer};
use seaworthy_data::{
    Database, DatabaseConfig, Migration, MigrationSet, Migrator, sql, uuid::Uuid,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    process::{ProcessOutput, ServiceProcess, example},
};

/// More than one page of the command.
pub(crate) const PAGES: u32 = 511;
/// Rows of a test in which each value is a call to Vault.
pub(crate) const FEW: u32 = 12;
/// One row has no value.
const WORDLESS: u32 = 7;

const MIGRATIONS: &[MigrationSet] = &[MigrationSet::for_service(&[Migration::new(
    1,
    "tables",
    "CREATE TABLE integers (id {bigint} NOT NULL PRIMARY KEY, number {bigint} NOT NULL, words {text}, raw {bytes} NOT NULL);
     CREATE TABLE texts (id {string} NOT NULL PRIMARY KEY, number {bigint} NOT NULL, words {text}, raw {bytes} NOT NULL);
     CREATE TABLE uuids (id {uuid} NOT NULL PRIMARY KEY, number {bigint} NOT NULL, words {text}, raw {bytes} NOT NULL)",
    "DROP TABLE uuids; DROP TABLE texts; DROP TABLE integers",
)])];

pub(crate) struct TestDatabase {
    pub(crate) database: Database,
    empty: EmptyDatabase,
}

pub(crate) async fn open(empty: EmptyDatabase) -> TestDatabase {
    let config = DatabaseConfig::from_url(empty.url().parse().unwrap());
    let config = seaworthy_testkit::with_long_timeouts!(config);
    let database = Database::builder("test", config).open().await.unwrap();
    let migrator = Migrator::new(&database, MIGRATIONS);
    migrator.up(false).await.unwrap();
    TestDatabase { database, empty }
}

/// Runs the command with these arguments and secrets.
pub(crate) fn trial(arguments: &[&str], secrets: &[(&str, &str)]) -> ProcessOutput {
    let settings: Vec<String> = secrets
        .iter()
        .map(|(name, _)| format!("{}=env:{name}", name.to_lowercase()))
        .collect();
    let set = settings.iter().flat_map(|setting| ["--set", setting]);
    let all: Vec<&str> = ["encryption"]
        .into_iter()
        .chain(arguments.iter().copied())
        .chain(set)
        .collect();
    let process = ServiceProcess::spawn(&example("encryption_trial"), &all, secrets);
    process.unwrap().wait_with_output().unwrap()
}

pub(crate) fn new_key() -> String {
    trial(&["new-key"], &[]).stdout.concat()
}

impl TestDatabase {
    /// Runs the command on this database.
    pub(crate) fn run(&self, arguments: &[&str], secrets: &[(&str, &str)]) -> ProcessOutput {
        let database = format!("database.url={}", self.empty.url());
        trial(&[arguments, &["--set", &database]].concat(), secrets)
    }

    /// Inserts rows of every key type, encrypted by this sealer.
    pub(crate) async fn fill(&self, sealer: &Sealer, count: u32) {
        let tx = self.database.begin().await.unwrap();
        for number in 0..count {
            for table in ["integers", "texts", "uuids"] {
                let words = sealer.seal(&number, &words(table, number)).await.unwrap();
                let raw = sealer.seal(&number, &raw(table, number)).await.unwrap();
                let insert = match table {
                    // Negative keys too.
                    "integers" => {
                        sql("INSERT INTO integers (id, number, words, raw) VALUES (?, ?, ?, ?)")
                            .bind(i64::from(number) - 200)
                    }
                    "texts" => {
                        sql("INSERT INTO texts (id, number, words, raw) VALUES (?, ?, ?, ?)")
                            .bind(text(number))
                    }
                    _ => sql("INSERT INTO uuids (id, number, words, raw) VALUES (?, ?, ?, ?)")
                        .bind(uuid(number)),
                };
                insert
                    .bind(i64::from(number))
                    .bind((number != WORDLESS).then_some(words))
                    .bind(raw.envelope().to_bytes().unwrap())
                    .execute(&tx)
                    .await
                    .unwrap();
            }
        }
        tx.commit().await.unwrap();
    }

    /// Checks that this sealer decrypts every value.
    pub(crate) async fn opens(&self, sealer: &Sealer, count: u32) {
        for (table, select) in [
            ("integers", "SELECT number, words, raw FROM integers"),
            ("texts", "SELECT number, words, raw FROM texts"),
            ("uuids", "SELECT number, words, raw FROM uuids"),
        ] {
            let rows: Vec<(i64, Option<Encrypted<u32>>, Encrypted<u32>)> =
                sql(select).fetch_all(&self.database).await.unwrap();
            assert_eq!(rows.len(), usize::try_from(count).unwrap());
            for (number, stored, bytes) in rows {
                let number = u32::try_from(number).unwrap();
                let opened = sealer.open(&bytes, &raw(table, number)).await.unwrap();
                assert_eq!(opened, number);
                let Some(stored) = stored else {
                    assert_eq!(number, WORDLESS);
                    continue;
                };
                let opened = sealer.open(&stored, &words(table, number)).await.unwrap();
                assert_eq!(opened, number);
            }
        }
    }
}

/// Identifiers that many collations order differently: capitals, other alphabets, quotes.
fn text(number: u32) -> String {
    let first = ["a", "A", "é", "z", "Ω", "'", "-"];
    let first = first[usize::try_from(number).unwrap() % first.len()];
    format!("{first}{number}")
}

/// UUIDs from the whole range.
fn uuid(number: u32) -> Uuid {
    Uuid::from_u128(u128::from(number + 1) << 96 | u128::from(number).wrapping_mul(u128::MAX / 511))
}

fn words(table: &str, number: u32) -> Context {
    Context::new(table, "words").row(&number.to_string())
}

fn raw(table: &str, number: u32) -> Context {
    Context::new(table, "raw").row(&number.to_string())
}

//! Measures an import of one million rows with ten columns into PostgreSQL, beside a COPY by psql.
//!
//! ```text
//! cargo run --profile dist -p seaworthy-csv --example million_rows -- /usr/lib/postgresql/15/bin
//! ```
#![expect(clippy::print_stdout, reason = "the result is for a person")]

use std::{
    convert::Infallible,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use bytes::Bytes;
use futures::stream;
use seaworthy_csv::{
    Column, CsvImport, CsvReader, CsvReaderConfig, Delimiter, ImportConfig, ImportRows, Imports,
    MIGRATIONS, NewImport, Row, StoreRowsError,
};
use seaworthy_data::{Database, DatabaseConfig, Migrator, Transaction, Value, sql};
use seaworthy_telemetry::metrics::Metrics;
use seaworthy_testkit::postgres::PostgresServer;
use serde::Deserialize;

const ROWS: u64 = 1_000_000;
/// Rows of one piece of the file.
const PIECE: u64 = 1_000;

#[derive(Deserialize)]
struct Order {
    id: i64,
    customer: String,
    city: String,
    product: String,
    amount: i32,
    price: f64,
    tax: f64,
    is_paid: bool,
    note: Option<String>,
    day: i32,
}

struct Orders;

impl ImportRows for Orders {
    type Row = Order;

    const KIND: &'static str = "orders";
    const COLUMNS: &'static [Column] = &[
        Column::required("id"),
        Column::required("customer"),
        Column::required("city"),
        Column::required("product"),
        Column::required("amount"),
        Column::required("price"),
        Column::required("tax"),
        Column::required("is_paid"),
        Column::optional("note"),
        Column::required("day"),
    ];

    async fn store(
        &self,
        tx: &Transaction,
        _: &CsvImport,
        rows: &[Row<Order>],
    ) -> Result<(), StoreRowsError> {
        let values = rows.iter().map(|Row { value, .. }| -> [Value; 10] {
            [
                value.id.into(),
                (&value.customer).into(),
                (&value.city).into(),
                (&value.product).into(),
                value.amount.into(),
                value.price.into(),
                value.tax.into(),
                value.is_paid.into(),
                value.note.clone().into(),
                value.day.into(),
            ]
        });
        sql("INSERT INTO orders (id, customer, city, product, amount, price, tax, is_paid, note, day) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)**")
            .bind_rows(values)
            .execute(tx)
            .await?;
        Ok(())
    }
}

fn file() -> Vec<Bytes> {
    let header = "id,customer,city,product,amount,price,tax,is_paid,note,day\n";
    let pieces = (0..ROWS / PIECE).map(|piece| {
        let rows = (piece * PIECE..(piece + 1) * PIECE).map(|row| {
            format!(
                "{row},Customer {row},Berlin,\"Chair, blue\",{},19.99,3.80,true,,{}\n",
                row % 9 + 1,
                row % 365
            )
        });
        rows.collect::<String>().into()
    });
    std::iter::once(Bytes::from(header)).chain(pieces).collect()
}

/// Returns the maximum memory of this process so far, in MiB.
fn memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1024)
}

fn rate(begun: Instant) -> String {
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for a person")]
    let rate = ROWS as f64 / seconds;
    format!("{seconds:.1} s, {rate:.0} rows/s")
}

/// Copies the same file into a table without checks.
fn copy(programs: &Path, url: &str, pieces: &[Bytes]) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("orders.csv");
    fs::write(&file, pieces.concat())?;
    let copy = format!("\\copy bare FROM '{}' CSV HEADER", file.display());
    let begun = Instant::now();
    let status = Command::new(programs.join("psql"))
        .args([
            "-q",
            "-d",
            url,
            "-c",
            "CREATE TABLE bare (LIKE orders INCLUDING ALL)",
        ])
        .args(["-c", &copy, "-c", "DROP TABLE bare"])
        .status()?;
    if !status.success() {
        return Err("psql failed".into());
    }
    println!("bare COPY: {}", rate(begun));
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from);
    let folder = folder.ok_or("pass the folder of the PostgreSQL programs")?;
    let server = PostgresServer::start(&folder)?;
    let url = server.database("orders")?;
    let database = Database::builder("orders", DatabaseConfig::from_url(url.parse()?));
    let database = database.open().await?;
    Migrator::new(&database, &[MIGRATIONS]).up(false).await?;
    sql("CREATE TABLE orders (id BIGINT PRIMARY KEY, customer TEXT NOT NULL, city TEXT NOT NULL, product TEXT NOT NULL, amount BIGINT NOT NULL, price DOUBLE PRECISION NOT NULL, tax DOUBLE PRECISION NOT NULL, is_paid BOOLEAN NOT NULL, note TEXT, day BIGINT NOT NULL)")
        .execute(&database)
        .await?;
    let pieces = file();
    let size: usize = pieces.iter().map(Bytes::len).sum();
    println!("{ROWS} rows, {} MiB", size / 1024 / 1024);

    let begun = Instant::now();
    let config = CsvReaderConfig::default();
    let mut reader = CsvReader::<Order>::new(Orders::COLUMNS, &config, Delimiter::Detect);
    for piece in &pieces {
        reader.push(piece);
        while reader.next_row()?.is_some() {}
    }
    println!("parse: {}", rate(begun));

    copy(&folder, &url, &pieces)?;
    let imports = Imports::new(&database, &ImportConfig::default(), Orders, &Metrics::new());
    let before = memory();
    let begun = Instant::now();
    let file = stream::iter(pieces.into_iter().map(Ok::<_, Infallible>));
    let created = imports.create(NewImport::new("bench"), file).await?;
    println!("receive: {}", rate(begun));
    let begun = Instant::now();
    while imports.step().await? {}
    let done = imports.find(created.id, "bench").await?;
    println!("check and store: {}", rate(begun));
    println!(
        "{}: {} rows stored, {} bad",
        done.status, done.rows_stored, done.rows_bad
    );
    println!(
        "maximum memory: {before:?} MiB before, {:?} MiB after",
        memory()
    );
    Ok(())
}

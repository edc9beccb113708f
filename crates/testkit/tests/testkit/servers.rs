//! The fixtures of real servers behave as tests expect.

#![expect(
    clippy::unwrap_used,
    reason = "what a test cannot unwrap has failed it"
)]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use seaworthy_testkit::{
    database::EmptyDatabase, kafka::KafkaServer, mariadb::MariadbServer, nats::NatsServer,
    postgres::PostgresServer, rabbitmq::RabbitmqServer, requirement::required, server::Shared,
};

fn answer(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn postgres_keeps_committed_rows_after_crash() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let mut server = PostgresServer::start_with(programs, &["fsync=on"]).unwrap();
    let database = server.database("orders").unwrap();
    let name = database.rsplit_once('/').unwrap().1;
    let ask = |server: &PostgresServer, sql: &str| {
        answer(server.client("psql").args(["-Atqc", sql, name]))
    };
    ask(&server, "CREATE TABLE t (n int); INSERT INTO t VALUES (7)");
    server.kill();
    assert!(TcpStream::connect(server.address()).is_err());
    server.restart().unwrap();
    assert_eq!(ask(&server, "SELECT n FROM t"), "7");
}

#[test]
fn recycled_postgres_database_is_empty_and_used_again() {
    let Some(programs) = required("SEAWORTHY_TEST_POSTGRES") else {
        return;
    };
    let server = PostgresServer::start(programs).unwrap();
    let url = server.empty_database("first").unwrap();
    let run = |sql: &str| {
        let mut psql = client(&url);
        answer(psql.args(["-v", "ON_ERROR_STOP=1", "-c", sql]))
    };
    let tables = "CREATE TABLE t (n int); CREATE SCHEMA other; CREATE TABLE other.t (n int)";
    let rights = "SELECT nspowner::regrole, nspacl FROM pg_namespace WHERE nspname = 'public'";
    let new = run(rights);
    run(tables);
    // A client that holds a lock.
    let mut holder = client(&url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = holder.stdin.take().unwrap();
    input
        .write_all(b"BEGIN; LOCK TABLE t; SELECT 7;\n")
        .unwrap();
    let mut line = String::new();
    BufReader::new(holder.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert_eq!(line.trim(), "7");

    server.recycle_database(&url).unwrap();
    assert_eq!(server.empty_database("second").unwrap(), url);
    // The tables do not exist, and the schema has the owner and the rights of a new database.
    run(tables);
    assert_eq!(run(rights), new);
    // The database has no other user.
    assert_ne!(server.empty_database("third").unwrap(), url);
    drop(input);
    holder.wait().unwrap();
}

#[test]
fn mariadb_keeps_committed_rows_after_crash() {
    let Some(program) = required("SEAWORTHY_TEST_MARIADB") else {
        return;
    };
    let mut server = MariadbServer::start_with(program, &[]).unwrap();
    let database = server.database("orders").unwrap();
    let name = database.rsplit_once('/').unwrap().1;
    let ask = |server: &MariadbServer, sql: &str| {
        answer(server.client("mariadb").args(["-BNe", sql, name]))
    };
    ask(&server, "CREATE TABLE t (n int); INSERT INTO t VALUES (7)");
    server.kill();
    assert!(TcpStream::connect(server.address()).is_err());
    server.restart().unwrap();
    assert_eq!(ask(&server, "SELECT n FROM t"), "7");
}

#[test]
fn removed_database_is_gone_while_a_client_is_connected() {
    for database in [EmptyDatabase::postgres(), EmptyDatabase::mariadb()] {
        let Some(database) = database else { continue };
        let url = database.url().to_owned();
        let mut connected = client(&url)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = connected.stdin.take().unwrap();
        input.write_all(b"SELECT 7;\n").unwrap();
        let mut output = BufReader::new(connected.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "7");

        database.remove().unwrap();
        let output = client(&url).stdin(Stdio::null()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        let is_gone = error.contains("does not exist") || error.contains("Unknown database");
        assert!(is_gone, "{error}");
        drop(input);
        connected.wait().unwrap();
    }
}

#[test]
fn statement_is_blocked_until_the_lock_ends() {
    for database in [EmptyDatabase::postgres(), EmptyDatabase::mariadb()] {
        let Some(database) = database else { continue };
        let run = |statements: &str| {
            let mut client = client(database.url())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut input = client.stdin.take().unwrap();
            input.write_all(statements.as_bytes()).unwrap();
            (client, input)
        };
        let (mut created, input) = run("CREATE TABLE t (n int); INSERT INTO t VALUES (7);\n");
        drop(input);
        assert!(created.wait().unwrap().success());

        let (mut holder, holder_input) = run("BEGIN; SELECT n FROM t FOR UPDATE;\n");
        let mut line = String::new();
        BufReader::new(holder.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        assert_eq!(line.trim(), "7");
        assert_eq!(database.blocked_statements(""), 0);
        let (mut waiter, waiter_input) = run("DELETE FROM t;\n");
        let is_blocked = |text: &str| database.blocked_statements(text) == 1;
        let began = Instant::now();
        while !is_blocked("DELETE") {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "it does not wait"
            );
        }
        assert!(is_blocked(""));
        assert!(!is_blocked("it's another statement"));

        drop(holder_input);
        holder.wait().unwrap();
        drop(waiter_input);
        assert!(waiter.wait().unwrap().success());
        assert_eq!(database.blocked_statements(""), 0);
        database.remove().unwrap();
    }
}

#[test]
fn removed_sqlite_database_leaves_no_folder() {
    let database = EmptyDatabase::sqlite().unwrap();
    let file = database.url().trim_start_matches("sqlite:").to_owned();
    let folder = Path::new(&file).ancestors().nth(2).unwrap();
    assert!(folder.exists());
    database.remove().unwrap();
    assert!(!folder.exists());
}

/// Returns a command that runs the statements of its standard input.
fn client(url: &str) -> Command {
    let Some(url) = url.strip_prefix("mysql://") else {
        let programs = required("SEAWORTHY_TEST_POSTGRES").unwrap();
        let mut psql = Command::new(Path::new(&programs).join("psql"));
        psql.args(["-Atq", url]);
        return psql;
    };
    let (account, place) = url.split_once('@').unwrap();
    let (user, password) = account.split_once(':').unwrap();
    let (address, name) = place.split_once('/').unwrap();
    let (host, port) = address.split_once(':').unwrap();
    let mut mariadb = Command::new("mariadb");
    mariadb
        .args(["--no-defaults", "--unbuffered", "-BN", "--host", host])
        .args(["--port", port, "--user", user, name])
        .env("MYSQL_PWD", password);
    mariadb
}

#[test]
fn rabbitmq_restarts_with_its_name() {
    let Some(programs) = required("SEAWORTHY_TEST_RABBITMQ") else {
        return;
    };
    let mut server = RabbitmqServer::start(programs).unwrap();
    server.control(&["add_user", "other-user", "pass"]).unwrap();
    server.kill();
    assert!(TcpStream::connect(server.address()).is_err());
    server.restart().unwrap();
    server.control(&["clear_password", "other-user"]).unwrap();
}

#[test]
fn nats_restarts_with_jetstream() {
    let Some(program) = required("SEAWORTHY_TEST_NATS") else {
        return;
    };
    let mut server = NatsServer::start(program).unwrap();
    server.kill();
    server.restart().unwrap();
    let mut greeting = String::new();
    BufReader::new(TcpStream::connect(server.address()).unwrap())
        .read_line(&mut greeting)
        .unwrap();
    assert!(greeting.contains("\"jetstream\":true"), "{greeting}");
}

#[test]
fn kafka_restarts_at_its_address() {
    let Some(libraries) = required("SEAWORTHY_TEST_KAFKA") else {
        return;
    };
    let mut server = KafkaServer::start(libraries).unwrap();
    server.kill();
    assert!(TcpStream::connect(server.address()).is_err());
    server.restart().unwrap();
}

static SHARED: Shared<PostgresServer> = Shared::new("SEAWORTHY_TEST_POSTGRES", |programs| {
    PostgresServer::start(programs)
});

#[test]
#[ignore = "run by the test below as a test binary of its own"]
fn uses_a_shared_server() {
    let server = SHARED.get().unwrap();
    server.database("left").unwrap();
}

#[test]
fn a_shared_server_leaves_nothing_on_the_disk() {
    if required("SEAWORTHY_TEST_POSTGRES").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), everybody).unwrap();
    let mut binary = Command::new(std::env::current_exe().unwrap());
    binary
        .args(["--exact", "servers::uses_a_shared_server", "--ignored"])
        .env("TMPDIR", folder.path());
    assert!(answer(&mut binary).contains("1 passed"));
    let began = Instant::now();
    while std::fs::read_dir(folder.path()).unwrap().count() > 0 {
        assert!(began.elapsed() < Duration::from_secs(30), "its data stays");
        thread::sleep(Duration::from_millis(20));
    }
}

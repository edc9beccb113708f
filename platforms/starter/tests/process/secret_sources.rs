//! Secrets from AWS Secrets Manager, and from a volume as Kubernetes mounts it.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    os::unix::fs::symlink,
    path::Path,
    thread,
};

use seaworthy_testkit::database::EmptyDatabase;
use serde_json::{Value, json};

use crate::app::{PASSWORD, Replica, SECRETS, builder_with, tokens};

const NAME: &str = "prod/starter";

/// Returns the value of a secret that other replicas have in their settings.
fn value(key: &str) -> &'static str {
    let values = SECRETS.map(|secret| secret.split_once('=').unwrap());
    let found = values.into_iter().find(|(other, _)| *other == key);
    found.unwrap().1
}

/// Responds to a signed request for the secret.
fn respond(stream: TcpStream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim().to_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(bytes) = line.strip_prefix("content-length:") {
            length = bytes.trim().parse().unwrap();
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is_signed = head.contains("authorization: aws4-hmac-sha256 credential=akidexample/");
    let answer = if is_signed && request["SecretId"] == NAME {
        let entries = json!({ "jwt": value("auth.jwt_secret_key") });
        json!({ "SecretString": entries.to_string() })
    } else {
        json!({ "__type": "ResourceNotFoundException" })
    };
    let answer = answer.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\nconnection: close";
    let length = answer.len();
    let mut stream = reader.into_inner();
    stream.write_all(format!("{head}\r\ncontent-length: {length}\r\n\r\n{answer}").as_bytes())
}

/// Starts a Secrets Manager with one secret. Returns its URL.
fn secrets_manager() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client may end a connection early.
            let _ = respond(stream);
        }
    });
    url
}

/// Writes secrets as Kubernetes mounts them: each file leads to the folder of a version.
fn mount(volume: &Path, keys: &[&str]) {
    let version = volume.join("..2026_11_28");
    fs::create_dir(&version).unwrap();
    symlink("..2026_11_28", volume.join("..data")).unwrap();
    for key in keys {
        fs::write(version.join(key), value(key)).unwrap();
        symlink(Path::new("..data").join(key), volume.join(key)).unwrap();
    }
}

#[test]
fn secrets_come_from_aws_and_kubernetes_files_conf_5() {
    let volume = tempfile::tempdir().unwrap();
    let keys = ["kms.seed", "kms.salt"];
    mount(volume.path(), &keys);
    let [seed, salt] = keys.map(|key| format!("{key}=file:{}", volume.path().join(key).display()));
    let jwt = format!("auth.jwt_secret_key=aws:{NAME}#jwt");
    let database = EmptyDatabase::sqlite().unwrap();
    let app = builder_with(database.url(), &[&jwt, &seed, &salt])
        .variable("AWS_REGION", "eu-west-3")
        .variable("AWS_ENDPOINT_URL_SECRETS_MANAGER", &secrets_manager())
        .variable("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .variable("AWS_SECRET_ACCESS_KEY", "a key that signs requests");
    let replica = Replica::from(app.start().unwrap());
    let body = json!({ "username": "ada", "password": PASSWORD, "email": "ada@example.org" });
    let registered = replica.post("/api/v1/auth/register", &body);
    assert_eq!(registered.status, 200, "{}", registered.body);
    let (access, _) = tokens(&replica.login("ada", PASSWORD));

    // A replica with the same values in its settings verifies the token and decrypts the address.
    let inline = Replica::start(&database);
    let shown = inline.call("GET", "/api/v1/auth/profile", &access, "");
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert!(shown.body.contains("ad***@example.org"), "{}", shown.body);
}

//! The keys of the contract, as `contract/conf/v1/conf.proto` declares them.

use std::{collections::BTreeSet, fs};

use seaworthy::{
    config::Loader,
    prost::Message as _,
    prost_types::{
        DescriptorProto, FieldDescriptorProto, FileDescriptorSet, field_descriptor_proto::Type,
    },
};

use super::*;
use crate::{NAME, config::StarterConfig, service::service};

/// The messages of the contract: the key of each, and its fields with numbers and types.
const CONTRACT: [&str; 18] = [
    ": server 1, data 2, auth 3, log 4, security 5, monitoring 6",
    "server: http 1, grpc 2",
    "server.http: network 1 string, addr 2 string, timeout 3 Duration",
    "server.grpc: network 1 string, addr 2 string, timeout 3 Duration",
    "data: database 1, redis 2",
    "data.database: driver 1 string, source 2 string, max_idle_conns 3 int32, max_open_conns 4 int32, conn_max_lifetime 5 Duration",
    "data.redis: network 1 string, addr 2 string, password 3 string, db 4 int32, read_timeout 5 Duration, write_timeout 6 Duration, pool_size 7 int32",
    "auth: jwt_secret_key 1 string, access_token_expiration 2 Duration, refresh_token_expiration 3 Duration, captcha_enabled 4 bool, captcha_expiration 5 Duration, max_login_attempts 6 int32, lock_duration 7 Duration, totp_enabled 8 bool",
    "log: level 1 string, format 2 string, output 3 string, rotation 4",
    "log.rotation: max_size 1 string, max_age 2 string, max_backups 3 int32",
    "security: tls 1, cors 2, rate_limit 3",
    "security.tls: enabled 1 bool, cert_file 2 string, key_file 3 string",
    "security.cors: allowed_origins 1 string, allowed_methods 2 string, allowed_headers 3 string, max_age 4 int32",
    "security.rate_limit: enabled 1 bool, requests_per_minute 2 int32, burst 3 int32",
    "monitoring: metrics 1, health 2, tracing 3",
    "monitoring.metrics: enabled 1 bool, addr 2 string, path 3 string",
    "monitoring.health: enabled 1 bool, addr 2 string, path 3 string",
    "monitoring.tracing: enabled 1 bool, endpoint 2 string, service_name 3 string",
];

/// The keys in sections of the proto that only the contract's list of settings has, except those of
/// `security.headers`.
const WITHOUT_FIELD: [&str; 3] = [
    "log.rotation.compress",
    "security.cors.allow_credentials",
    "security.tls.min_version",
];

/// A field with a value, by its key.
struct Field {
    key: String,
    type_name: &'static str,
}

/// Returns the messages of `conf.v1` by their full names.
fn messages() -> Vec<(String, DescriptorProto)> {
    let files = FileDescriptorSet::decode(crate::contract::DESCRIPTORS).unwrap();
    let files = files.file.iter().filter(|file| file.package() == "conf.v1");
    let messages = files.flat_map(|file| &file.message_type);
    messages
        .flat_map(|message| named(".conf.v1", message))
        .collect()
}

/// Returns the messages of a message by their full names.
fn named(prefix: &str, message: &DescriptorProto) -> Vec<(String, DescriptorProto)> {
    let name = format!("{prefix}.{}", message.name());
    let inner = message.nested_type.iter();
    let mut all: Vec<_> = inner.flat_map(|inner| named(&name, inner)).collect();
    all.push((name, message.clone()));
    all
}

/// Returns the name of the type of a value. `None` for a section.
fn value_type(field: &FieldDescriptorProto) -> Option<&'static str> {
    match (field.r#type(), field.type_name()) {
        (Type::String, _) => Some("string"),
        (Type::Bool, _) => Some("bool"),
        (Type::Int32, _) => Some("int32"),
        (Type::Message, ".google.protobuf.Duration") => Some("Duration"),
        (Type::Message, _) => None,
        (other, _) => panic!("{}: {other:?}", field.name()),
    }
}

/// Adds the lines of a message and of its sections, and the fields with values.
fn read(section: &str, message: &str, lines: &mut Vec<String>, fields: &mut Vec<Field>) {
    let messages = messages();
    let (_, found) = messages.iter().find(|(name, _)| name == message).unwrap();
    let line: Vec<_> = found
        .field
        .iter()
        .map(|field| {
            let number = format!("{} {}", field.name(), field.number());
            value_type(field).map_or(number.clone(), |name| format!("{number} {name}"))
        })
        .collect();
    lines.push(format!("{section}: {}", line.join(", ")));
    for field in &found.field {
        let key = match section {
            "" => field.name().to_owned(),
            _ => format!("{section}.{}", field.name()),
        };
        match value_type(field) {
            Some(type_name) => fields.push(Field { key, type_name }),
            None => read(&key, field.type_name(), lines, fields),
        }
    }
}

/// Returns the lines of all messages, and the fields with values.
fn bootstrap() -> (Vec<String>, Vec<Field>) {
    let (mut lines, mut fields) = (Vec::new(), Vec::new());
    read("", ".conf.v1.Bootstrap", &mut lines, &mut fields);
    (lines, fields)
}

/// Loads a file with one value, or an empty file. Returns the keys with problems.
async fn problems(value: Option<(&str, &str)>) -> Vec<String> {
    let text = value.map_or("{}".to_owned(), |(key, value)| {
        let names = key.rsplit('.');
        names.fold(value.to_owned(), |inner, name| {
            format!("{{ {name}: {inner} }}")
        })
    });
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.yaml"), text).unwrap();
    let loader = Loader::for_tests(NAME).directory(folder.path());
    match service().load::<StarterConfig>(loader).await {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(|error| error.key().to_owned()).collect(),
    }
}

#[test]
fn proto_has_the_fields_and_numbers_of_the_contract_conf_1() {
    assert_eq!(bootstrap().0, CONTRACT);
}

#[test]
fn every_key_of_the_proto_is_accepted_or_has_advice_conf_1() {
    let legacy: BTreeSet<_> = LEGACY_KEYS.iter().map(LegacyKey::key).collect();
    let settings = include_str!("../../../docs/settings.md");
    let is_known = |key: &str| legacy.contains(key) || settings.contains(&format!("| `{key}` |"));
    let fields = bootstrap().1;
    let unknown = fields.iter().map(|field| &field.key);
    let unknown: Vec<_> = unknown.filter(|key| !is_known(key)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_legacy_key_of_a_section_is_in_the_proto_conf_1() {
    let (lines, fields) = bootstrap();
    let known: BTreeSet<_> = fields.iter().map(|field| field.key.as_str()).collect();
    let is_in_section = |key: &str| {
        let sections = lines.iter().filter_map(|line| line.split(':').next());
        let mut sections = sections.filter(|section| !section.is_empty());
        sections.any(|section| key.starts_with(&format!("{section}.")))
    };
    let keys = LEGACY_KEYS.iter().map(LegacyKey::key);
    let unknown: BTreeSet<_> = keys
        .filter(|key| is_in_section(key) && !known.contains(key))
        .filter(|key| !key.starts_with("security.headers."))
        .collect();
    assert_eq!(unknown, BTreeSet::from(WITHOUT_FIELD));
}

#[tokio::test]
async fn keys_of_the_proto_have_its_types_conf_1() {
    // The required secrets are missing in each file.
    let base = problems(None).await;
    let mut checked = 0;
    for Field { key, type_name } in &bootstrap().1 {
        let (right, wrong) = match *type_name {
            "Duration" => ("20m", "soon"),
            "int32" => ("20", "many"),
            "bool" => ("false", "perhaps"),
            // `tests/process` tests the formats of strings.
            _ => continue,
        };
        assert_eq!(problems(Some((key, right))).await, base, "{key}: {right}");
        let rejected = problems(Some((key, wrong))).await;
        assert!(rejected.len() > base.len(), "{key}: {wrong}: {rejected:?}");
        checked += 1;
    }
    assert_eq!(checked, 25);
}

#[tokio::test]
async fn auto_load_of_disabled_plugins_is_accepted_conf_1() {
    let base = problems(None).await;
    for value in ["true", "false"] {
        let found = problems(Some(("plugins.auto_load", value))).await;
        assert_eq!(found, base, "{value}");
    }
    let found = problems(Some(("plugins.auto_load", "perhaps"))).await;
    assert!(found.len() > base.len(), "{found:?}");
}

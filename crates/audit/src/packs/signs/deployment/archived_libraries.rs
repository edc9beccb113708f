//! Libraries that their authors archived, so vulnerabilities stay unfixed.

use super::{Sign, review};
use crate::model::facts::Practice;

const ARCHIVED: &str = "the authors of `{}` archived it, so it gets no security fixes";

pub(super) const SIGNS: &[Sign] = &[
    review(
        Practice::SupportedVersion,
        &[".go", "go.mod"],
        r"(?P<what>github\.com/(?:dgrijalva/jwt-go|form3tech-oss/jwt-go|satori/go\.uuid|streadway/amqp|jinzhu/gorm|uber/jaeger-client-go|nats-io/stan\.go|bsm/sarama-cluster|wvanbergen/kafka))\b",
        "",
        ARCHIVED,
    ),
    review(
        Practice::SupportedVersion,
        &["package.json"],
        r#""(?P<what>request|request-promise|request-promise-native|node-uuid|csurf|kafka-node|node-nats-streaming|jaeger-client|express-brute|bcrypt-nodejs|jsonwebtoken-promisified)"\s*:"#,
        "",
        ARCHIVED,
    ),
    review(
        Practice::SupportedVersion,
        &["requirements.txt", "pyproject.toml", "pipfile"],
        r#"(?m)^\s*["']?(?P<what>flask-jwt|jaeger-client|pycrypto|nose|raven|flask-script|aioredis)["']?\s*(?:[=<>~\["']|$)"#,
        "",
        ARCHIVED,
    ),
];

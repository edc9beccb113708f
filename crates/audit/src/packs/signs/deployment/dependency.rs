//! Dependencies and images: versions without security fixes, versions that change, and tools of
//! tests that are shipped.

use super::{Sign, review};
use crate::model::facts::{Practice, Verdict};

const REQUIREMENTS: &[&str] = &[
    "requirements.txt",
    "requirements/prod.txt",
    "requirements/production.txt",
    "requirements/base.txt",
    "requirements/common.txt",
    "requirements-prod.txt",
];
const IMAGES: &[&str] = &[
    "dockerfile",
    "containerfile",
    "compose.yml",
    "compose.yaml",
    "-env.yml",
    "-stack.yml",
];

const fn old(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        practice: Practice::SupportedVersion,
        verdict: Verdict::Broken,
        files,
        pattern,
        unless: "",
        elsewhere: "",
        evidence: "`{}` gets no security fixes",
        within: "",
    }
}

const fn changing(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        practice: Practice::FixedVersion,
        verdict: Verdict::Broken,
        files,
        pattern,
        unless: "",
        elsewhere: "",
        evidence: "`{}` has no fixed version",
        within: "",
    }
}

const fn shipped(files: &'static [&'static str], pattern: &'static str) -> Sign {
    Sign {
        practice: Practice::TestDependency,
        verdict: Verdict::Broken,
        files,
        pattern,
        unless: "",
        elsewhere: "",
        evidence: "`{}` is a production dependency",
        within: "",
    }
}

pub(super) const SIGNS: &[Sign] = &[
    old(
        IMAGES,
        r#"(?im)^\s*(?:FROM|image:)\s+(?:--platform=\S+\s+)?["']?(?:[\w.\-]+/)*(?P<what>(?:python:(?:2|3\.[0-8])|node:(?:[0-9]|1[0-8]|19|21)|golang:1\.(?:[0-9]|1[0-9]|20)|ruby:(?:1|2|3\.[01])|php:(?:5|7|8\.0)|mysql:5|postgres:(?:8|9|1[0-3])|mongo:[2-5]|redis:[2-5]|debian:(?:jessie|stretch|buster|[89]|10)|ubuntu:1[0-9]\.[0-9]+|alpine:3\.(?:[0-9]|1[0-7])|centos:[5-8]|gradle:[1-6]|maven:3\.[0-6]|elasticsearch(?:-oss)?:[1-6]|aspnet:[2-6]|sdk:[2-6]|nginx:1\.(?:[0-9]|1[0-9]|2[0-3])|rabbitmq:3\.(?:[0-9]|1[0-1])|mariadb:(?:5|10\.[0-4])|cassandra:[1-3]|mysql:8\.0\.[0-9]|golang:1\.2[12]|zookeeper:3\.[0-5])(?:[.\-][\w.\-]*)?)["']?(?:\s|$)"#,
    ),
    old(
        IMAGES,
        r#"(?im)^\s*(?:FROM|image:)\s+["']?(?P<what>(?:openjdk|java|centos|nodesource/node|microsoft/dotnet|microsoft/aspnetcore)(?::[\w.\-]+)?)["']?(?:\s|$)"#,
    ),
    old(
        &["requirements.txt", "prod.txt", "base.txt", "common.txt"],
        r"(?im)^(?P<what>(?:django==(?:[0-3]\.|4\.[01])|flask==[01]\.|sqlalchemy==(?:0|1\.[0-3])\.|djangorestframework==[0-2]\.|celery==[0-4]\.|pycrypto==|nose==)[\w.]*)",
    ),
    old(
        &["pom.xml"],
        r"<artifactId>(?P<what>spring-boot-starter-parent|spring-boot-dependencies)</artifactId>\s*<version>[12]\.",
    ),
    old(
        &["build.gradle", "build.gradle.kts"],
        r#"(?P<what>org\.springframework\.boot)["']\)?\s*version\s*\(?["'][12]\."#,
    ),
    old(
        &[".csproj"],
        r"<TargetFramework>(?P<what>net[567]\.0|netcoreapp[\d.]+)<",
    ),
    old(
        &["package.json"],
        r#"(?m)^\s*"(?P<what>request|bcrypt-nodejs|node-uuid|jade|request-promise|request-promise-native|express-jwt-permissions|mongodb-core|nsp|csurf)"\s*:\s*"[\^~]?[\d*]"#,
    ),
    review(
        Practice::SupportedVersion,
        &["package.json"],
        r#"(?m)^\s*"(?P<what>axios"\s*:\s*"[\^~]?0\.(?:1\d|2[0-7])\.|jsonwebtoken"\s*:\s*"[\^~]?[0-8]\.|mongoose"\s*:\s*"[\^~]?[0-5]\.|faker"\s*:\s*"[\^~]?\d|crypto-js"\s*:\s*"[\^~]?(?:3\.|4\.[01]\.)|sequelize"\s*:\s*"[\^~]?[0-5]\.|typeorm"\s*:\s*"[\^~]?0\.[12]\.)"#,
        "",
        "`{}…` gets no security fixes",
    ),
    old(
        &["go.mod"],
        r"(?m)^\s*(?:require\s+)?(?P<what>github\.com/dgrijalva/jwt-go|github\.com/satori/go\.uuid|gopkg\.in/mgo\.v2|github\.com/streadway/amqp|github\.com/jinzhu/gorm|github\.com/go-redis/redis)\s+v\d",
    ),
    old(
        &["composer.json"],
        r#""(?P<what>laravel/framework|laravel/lumen-framework)"\s*:\s*"[\^~]?[4-9]\."#,
    ),
    old(
        &["gemfile"],
        r#"(?m)^\s*gem\s+["'](?P<what>rails)["']\s*,\s*["'](?:~>|=)?\s*[3-6]\."#,
    ),
    changing(
        REQUIREMENTS,
        r"(?m)^(?P<what>[A-Za-z][\w.\-]*(?:\[[\w, \-]+\])?)[ \t]*(?:>=?[^,;#\n]*)?(?:#.*)?\r?$",
    ),
    changing(
        &["package.json"],
        r#"(?m)^\s*"(?P<what>@?[\w./\-]+)"\s*:\s*"(?:\*|latest)""#,
    ),
    changing(
        &["build.gradle", "build.gradle.kts", "pom.xml"],
        r#"(?:url\s*=?\s*(?:uri)?\(?["']|<url>)(?P<what>https?://[^"'<\s]*/(?:libs-)?(?:snapshots?|milestones?))\b"#,
    ),
    changing(
        &[".gitignore"],
        r"(?ms)^/?(?P<what>package-lock\.json)\s*$.*^/?pnpm-lock\.yaml\s*$.*^/?yarn\.lock\s*$",
    ),
    changing(
        &[".gitignore"],
        r"(?m)^/?(?P<what>poetry\.lock|Pipfile\.lock|uv\.lock|composer\.lock|Gemfile\.lock|go\.sum)\s*$",
    ),
    changing(
        &["dockerfile", "containerfile"],
        r"(?m)^\s*RUN\s+(?P<what>(?:cargo install|npm (?:i|install) -g|gem install)\s+[\w\-]+)\s*(?:--no-default-features[^\n]*)?$",
    ),
    shipped(
        REQUIREMENTS,
        r"(?im)^(?P<what>pytest[\w\-]*|nose|coverage|flake8[\w\-]*|pylint|tox|factory[-_]boy|pre-commit|mypy|black|autopep8|ipdb|pudb)(?:\[\w+\])?[ \t]*(?:[=<>~!]=?|\r?$)",
    ),
    shipped(
        &["build.gradle", "build.gradle.kts"],
        r#"(?m)^\s*(?:implementation|compile|api)[ (]+["'](?P<what>[\w.\-]+:[\w.\-]*(?:-test|junit[\w\-]*|mockito[\w\-]*|mockk|testcontainers))(?::[^"']*)?["']"#,
    ),
    shipped(
        &["composer.json"],
        r#"(?s)"require"\s*:\s*\{[^}]*?"(?P<what>phpunit/phpunit|mockery/mockery|fakerphp/faker|fzaninotto/faker|phpstan/phpstan|squizlabs/php_codesniffer|laravel/dusk)""#,
    ),
    shipped(
        &["gemfile"],
        r#"(?m)^gem\s+["'](?P<what>rspec(?:-rails)?|pry|byebug|factory_bot(?:_rails)?|rubocop|capybara|simplecov)["']"#,
    ),
    shipped(
        &["pom.xml"],
        r"<artifactId>(?P<what>spring-boot-starter-test|spring-security-test|junit|junit-jupiter[\w\-]*|mockito-\w+)</artifactId>\s*(?:<version>[^<]*</version>\s*)?</dependency>",
    ),
    shipped(
        &["package.json"],
        r#"(?s)"dependencies"\s*:\s*\{[^}]*?"(?P<what>nodemon|jest|mocha|chai|supertest|ts-node-dev|webpack-dev-server|eslint|sinon|cypress)"\s*:"#,
    ),
];

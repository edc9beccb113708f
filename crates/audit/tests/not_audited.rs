//! Services that were not read are named at the top of every report, and no verdict covers them.
#![expect(clippy::unwrap_used, reason = "a failed setup fails the test")]

use std::fs;
use std::path::Path;

use seaworthy_audit::report::{Format, Verdict, render};
use seaworthy_audit::{AuditConfig, Report, audit};

const GO_SERVER: &str = "package main\n\nimport (\n\t\"net/http\"\n\t\"os\"\n\t\"time\"\n)\n\nfunc main() {\n\tmux := http.NewServeMux()\n\tmux.HandleFunc(\"/healthz\", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200) })\n\tserver := &http.Server{Addr: os.Getenv(\"ADDR\"), Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second}\n\t_ = server.ListenAndServe()\n}\n";
const GO_IMAGE: &str = "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /app .\nFROM gcr.io/distroless/static:nonroot\nCOPY --from=build /app /app\nCMD [\"/app\"]\n";
const WORKER_IMAGE: &str =
    "FROM ruby:3.4\nWORKDIR /src\nCOPY . .\nUSER app\nCMD [\"ruby\", \"worker.rb\"]\n";
const PHP_IMAGE: &str = "FROM php:8.3-apache\nCOPY html/ /var/www/html\nUSER www-data\n";

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn report(root: &Path) -> Report {
    audit(root, &AuditConfig::default()).unwrap()
}

fn names(files: &[(&str, &str)]) -> Vec<String> {
    let folder = repository(files);
    let report = report(folder.path());
    report
        .not_audited
        .into_iter()
        .map(|service| service.name)
        .collect()
}

const SHOP: [(&str, &str); 4] = [
    ("api/go.mod", "module example.com/api\n\ngo 1.24\n"),
    ("api/main.go", GO_SERVER),
    ("api/Dockerfile", GO_IMAGE),
    (
        "docker-compose.yml",
        "services:\n  api:\n    build: ./api\n  db:\n    image: postgres:17\n",
    ),
];
const UNREAD: [(&str, &str); 6] = [
    ("dispatch/worker.rb", "loop { work }\n"),
    ("dispatch/Dockerfile", WORKER_IMAGE),
    ("ratings/Dockerfile", PHP_IMAGE),
    ("ratings/html/composer.json", "{\"require\": {}}\n"),
    ("ratings/html/index.php", "<?php echo 1;\n"),
    (
        "docker-compose.more.yml",
        "services:\n  dispatch:\n    build: ./dispatch\n  ratings:\n    build: ./ratings\n",
    ),
];

#[test]
fn unread_services_are_named_at_the_top_of_every_format() {
    let folder = repository(&[SHOP.as_slice(), UNREAD.as_slice()].concat());
    let report = report(folder.path());
    let found: Vec<_> = report
        .not_audited
        .iter()
        .map(|service| (service.name.as_str(), service.path.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("dispatch", "dispatch/Dockerfile"),
            ("ratings", "ratings/Dockerfile")
        ]
    );
    assert!(report.not_audited[0].reason.contains("Ruby"));
    assert!(report.not_audited[1].reason.contains("PHP"));
    let finding = report.findings.first().unwrap().id;
    for format in Format::ALL {
        let text = render(&report, format).unwrap();
        for service in ["dispatch", "ratings"] {
            assert!(text.contains(service), "{format}: {service}\n{text}");
        }
        if matches!(format, Format::Pretty | Format::Markdown | Format::Html) {
            let place = text.find("Not audited: 2 services").unwrap();
            assert!(place < text.find(finding).unwrap(), "{format}");
        }
    }
}

#[test]
fn verdict_is_not_ready_with_unread_services() {
    let ready = [Verdict::Ready, Verdict::ReadyWithConditions];
    let folder = repository(&SHOP);
    let all_read = report(folder.path());
    assert!(
        all_read.not_audited.is_empty(),
        "{:?}",
        all_read.not_audited
    );
    assert!(ready.contains(&all_read.verdict), "{:?}", all_read.verdict);
    for unread in [&UNREAD[..2], &UNREAD[2..5]] {
        let folder = repository(&[SHOP.as_slice(), unread].concat());
        let report = report(folder.path());
        assert_eq!(report.not_audited.len(), 1, "{:?}", report.not_audited);
        assert!(!ready.contains(&report.verdict), "{:?}", report.verdict);
    }
}

#[test]
fn third_party_programs_and_pages_are_audited_enough() {
    let listed = names(&[
        (
            "db/Dockerfile",
            "FROM postgres:17\nCOPY init.sql /docker-entrypoint-initdb.d/\n",
        ),
        ("db/init.sql", "select 1;\n"),
        (
            "proxy/Dockerfile",
            "FROM nginx:1.27\nCOPY default.conf /etc/nginx/conf.d/\n",
        ),
        ("proxy/default.conf", "server {}\n"),
        (
            "web/Dockerfile",
            "FROM node:24 AS build\nCOPY . .\nRUN npm run build\nFROM nginx:1.27\nCOPY --from=build /dist /usr/share/nginx/html\n",
        ),
        (
            "web/package.json",
            "{\"name\": \"web\", \"dependencies\": {\"react\": \"19\"}}\n",
        ),
        ("web/src/main.js", "console.log(1)\n"),
        (
            "static/Dockerfile",
            "FROM nginx:1.27\nCOPY html /usr/share/nginx/html\n",
        ),
        ("static/html/page.js", "console.log(1)\n"),
        ("lib/Gemfile", "source 'https://rubygems.org'\ngemspec\n"),
        ("lib/lib.rb", "puts 1\n"),
        (
            "docker-compose.yml",
            "services:\n  db:\n    build: ./db\n  graphs:\n    image: grafana/grafana:12\n",
        ),
    ]);
    assert!(listed.is_empty(), "{listed:?}");
}

#[test]
fn services_without_source_are_listed() {
    let listed = names(&[
        ("api/go.mod", "module example.com/api\n\ngo 1.24\n"),
        ("api/main.go", GO_SERVER),
        ("api/Dockerfile", GO_IMAGE),
        ("go.work", "go 1.24\n\nuse (\n\t./api\n\t./worker\n)\n"),
        (
            ".gitmodules",
            "[submodule \"x\"]\n\tpath = libs/billing\n\turl = https://example.com/billing\n",
        ),
        (
            "jar/Dockerfile",
            "FROM eclipse-temurin:21\nCOPY build/shop.jar /shop.jar\nCMD [\"java\", \"-jar\", \"/shop.jar\"]\n",
        ),
        (
            "docker-compose.yml",
            "services:\n  api:\n    image: registry.example.com/shop/api:1\n    build: ./api\n  mailer:\n    image: registry.example.com/shop/mailer:1\n  gone:\n    build: ./gone\n",
        ),
    ]);
    assert_eq!(listed, ["billing", "gone", "jar", "mailer", "worker"]);
}

#[test]
fn programs_in_unread_languages_without_dockerfile_are_listed() {
    let listed = names(&[
        (
            "web/Shop.Web.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk.Web\" />\n",
        ),
        ("web/Program.cs", "var app = 1;\n"),
        (
            "lib/Shop.Lib.csproj",
            "<Project Sdk=\"Microsoft.NET.Sdk\" />\n",
        ),
        ("lib/Lib.cs", "class A {}\n"),
        ("admin/Gemfile", "gem 'rails'\n"),
        ("admin/app/a.rb", "puts 1\n"),
    ]);
    assert_eq!(listed, ["admin", "web"]);
}

/// The manifest exists only inside of the image. The code is read, or it is listed.
#[test]
fn go_worker_without_manifest_is_not_overlooked() {
    let folder = repository(
        &[
            SHOP.as_slice(),
            &[
                (
                    "dispatch/Dockerfile",
                    "FROM golang:1.24\nWORKDIR /src\nCOPY *.go .\nRUN go mod init dispatch && go get\nRUN go install\nUSER app\nCMD [\"dispatch\"]\n",
                ),
                (
                    "dispatch/main.go",
                    "package main\n\nimport \"github.com/streadway/amqp\"\n\nfunc main() {\n\t_, _ = amqp.Dial(\"amqp://broker\")\n}\n",
                ),
            ],
        ]
        .concat(),
    );
    let report = report(folder.path());
    let is_read = report
        .services
        .iter()
        .any(|service| service.name == "dispatch" && service.root.is_some());
    let is_listed = report
        .not_audited
        .iter()
        .any(|service| service.name == "dispatch");
    assert!(is_read != is_listed, "{is_read} {is_listed}");
}

#[test]
fn source_with_several_dockerfiles_is_listed_once() {
    let image = "FROM mcr.microsoft.com/dotnet/sdk:10.0\nCOPY . .\nUSER app\n";
    let listed = names(&[
        ("shop/cart/src/Dockerfile", image),
        ("shop/cart/src/Dockerfile.debug", image),
        ("shop/cart/src/Program.cs", "var app = 1;\n"),
        (
            "deploy/cart.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  template:\n    spec:\n      containers:\n        - name: server\n          image: registry.example.com/shop/cart:1\n",
        ),
    ]);
    assert_eq!(listed, ["cart"]);
}

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build;
use crate::model::{FileFacts, Model, ServiceKind};
use crate::packs;
use crate::repository::{Limits, Role, Tracked};
use crate::source::SourceFile;

fn model(files: &[(&str, &str)]) -> Model {
    let mut facts: BTreeMap<Arc<str>, FileFacts> = BTreeMap::new();
    for (path, text) in files {
        let file = SourceFile::new(path, text, Role::of(path, text), Tracked::Unknown);
        let (store, failure) = packs::read(&file, &Limits::default());
        assert_eq!(failure, None);
        facts.insert(file.path.clone(), FileFacts { file, facts: store });
    }
    build("fixture".to_owned(), facts, BTreeSet::new())
}

#[test]
fn go_repository_with_two_mains_is_two_services() {
    let model = model(&[
        ("go.mod", "module example.org/shop\n"),
        (
            "cmd/api/main.go",
            "package main\nimport \"example.org/shop/internal/web\"\nfunc main() { web.Run() }\n",
        ),
        (
            "cmd/worker/main.go",
            "package main\nimport \"example.org/shop/internal/queue\"\nfunc main() { queue.Run() }\n",
        ),
        (
            "internal/web/web.go",
            "package web\nimport \"net/http\"\nfunc Run() { http.ListenAndServe(\":80\", nil) }\n",
        ),
        ("internal/queue/queue.go", "package queue\nfunc Run() {}\n"),
        (
            "build/Dockerfile.api",
            "FROM golang AS build\nRUN go build -o /api ./cmd/api\nFROM scratch\nCOPY --from=build /api /api\n",
        ),
        (
            "docker-compose.yml",
            "services:\n  api:\n    build:\n      context: .\n      dockerfile: build/Dockerfile.api\n  db:\n    image: postgres\n",
        ),
    ]);
    let names: Vec<_> = model
        .services
        .iter()
        .map(|service| (service.name.as_str(), service.kind))
        .collect();
    assert_eq!(
        names,
        [
            ("api", ServiceKind::Server),
            ("db", ServiceKind::Infrastructure)
        ]
    );
    let api = &model.services[0];
    assert!(api.image.is_some());
    assert!(api.files.contains("internal/web/web.go"));
    assert!(!api.files.contains("internal/queue/queue.go"));
}

#[test]
fn the_same_workload_in_two_overlays_is_one_service() {
    let manifest = "kind: Deployment\nmetadata:\n  name: api\nspec:\n  template:\n    spec:\n      containers:\n        - name: api\n          image: shop/api:1\n";
    let model = model(&[("base/api.yaml", manifest), ("extra/api.yaml", manifest)]);
    let names: Vec<_> = model
        .services
        .iter()
        .map(|service| service.name.as_str())
        .collect();
    assert_eq!(names, ["api"]);
    assert_eq!(model.services[0].workloads.len(), 2);
}

#[test]
fn workload_without_image_source_joins_the_unit_of_its_name() {
    let manifest = "kind: Deployment\nmetadata:\n  name: user-service\nspec:\n  template:\n    spec:\n      containers:\n        - name: user\n          image: shop/beer-user:1\n";
    let model = model(&[
        ("go.mod", "module example.org/shop\n"),
        (
            "app/user/service/cmd/server/main.go",
            "package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe(\":80\", nil) }\n",
        ),
        ("deploy/user.yaml", manifest),
    ]);
    let joined: Vec<_> = model
        .services
        .iter()
        .map(|service| {
            (
                service.name.as_str(),
                service.files.len(),
                service.workloads.len(),
            )
        })
        .collect();
    assert_eq!(joined, [("user-service", 1, 1)]);
}

#[test]
fn program_without_manifest_is_a_service() {
    let model = model(&[
        (
            "dispatch/main.go",
            "package main\nimport \"net/http\"\nfunc main() { http.ListenAndServe(\":80\", nil) }\n",
        ),
        (
            "dispatch/Dockerfile",
            "FROM golang\nRUN go mod init dispatch && go install\nCMD dispatch\n",
        ),
    ]);
    assert_eq!(model.services.len(), 1);
    assert!(model.services[0].image.is_some());
    assert!(model.services[0].files.contains("dispatch/main.go"));
}

#[test]
fn nest_workspace_is_one_service_for_each_application() {
    const MAIN: &str = "import { NestFactory } from '@nestjs/core';\nimport '@app/shared';\nconst app = await NestFactory.create(M);\nawait app.listen(3000);\n";
    let model = model(&[
        (
            "package.json",
            "{ \"name\": \"shop\", \"dependencies\": {} }",
        ),
        (
            "nest-cli.json",
            "{ \"projects\": { \"a\": { \"type\": \"application\", \"root\": \"apps/orders\" }, \"b\": { \"type\": \"library\", \"root\": \"libs/shared\" } } }",
        ),
        (
            "tsconfig.json",
            "{ \"compilerOptions\": { \"paths\": { \"@app/shared\": [\"libs/shared/src\"] } } }",
        ),
        ("apps/orders/src/main.ts", MAIN),
        ("apps/mails/src/main.ts", MAIN),
        ("libs/shared/src/index.ts", "export * from './a';\n"),
        ("libs/shared/src/a.ts", "export const a = 1;\n"),
        ("libs/unused/src/index.ts", "export const b = 1;\n"),
        (
            "Dockerfile",
            "FROM node:22\nCOPY . .\nCMD [\"node\", \"dist/apps/orders/main.js\"]\n",
        ),
    ]);
    let found: Vec<_> = model
        .services
        .iter()
        .map(|service| {
            let shared = service.files.contains("libs/shared/src/a.ts");
            let unused = service.files.contains("libs/unused/src/index.ts");
            (
                service.name.as_str(),
                service.image.is_some(),
                shared,
                unused,
            )
        })
        .collect();
    assert_eq!(
        found,
        [("mails", false, true, false), ("orders", true, true, false)]
    );
}

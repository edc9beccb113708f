//! The number, severity and confidence of findings that depend on more than one line.

use std::fs;

use seaworthy_audit::{AuditConfig, Severity, audit};

const GO_MODULE: (&str, &str) = ("go.mod", "module example.org/shop\n\ngo 1.24\n");

/// Returns line, severity and number of further places of each finding of a rule. The last value
/// is whether it needs a review.
fn findings(id: &str, files: &[(&str, &str)]) -> Vec<(usize, Severity, usize, bool)> {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let report = audit(folder.path(), &AuditConfig::default()).unwrap();
    let mut found: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.id == id)
        .map(|finding| {
            let related = finding.related.len();
            (finding.line, finding.severity, related, finding.is_review())
        })
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn verification_off_by_setting_is_review_sec_1() {
    let client = "package client\n\nfunc transport(o Options) *http.Transport {\n\tt := &http.Transport{}\n\tif o.ignoreTLSErrors {\n\t\tt.TLSClientConfig = &tls.Config{\n\t\t\tInsecureSkipVerify: true,\n\t\t}\n\t}\n\treturn t\n}\n";
    let files = [GO_MODULE, ("client/client.go", client)];
    let optional = findings("SEC-1.verification-off", &files);
    assert_eq!(optional, [(7, Severity::Medium, 0, true)]);
    let on = ("deploy/config.yaml", "client:\n  ignore_tls_errors: true\n");
    let files = [GO_MODULE, ("client/client.go", client), on];
    let on = findings("SEC-1.verification-off", &files);
    assert_eq!(on, [(7, Severity::High, 0, false)]);
}

#[test]
fn same_credential_of_one_object_is_one_finding_conf_5() {
    let manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: orders\ndata:\n  POSTGRES_PASSWORD: admin\n  SPRING_DATASOURCE_PASSWORD: admin\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: users\ndata:\n  POSTGRES_PASSWORD: admin\n";
    let found = findings("CONF-5.default-credential", &[("k8s/db.yaml", manifest)]);
    let medium = Severity::Medium;
    assert_eq!(found, [(6, medium, 1, false), (14, medium, 0, false)]);
}

#[test]
fn same_secret_of_two_rules_is_one_finding_conf_5() {
    let manifest = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: orders\nstringData:\n  POSTGRES_PASSWORD: orders-pwd\n  DB_URI: postgresql://orders:orders-pwd@orders-db:5432/orders\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: users\nstringData:\n  POSTGRES_PASSWORD: users-pwd\n  SPRING_DATASOURCE_PASSWORD: users-pwd\n";
    let files = [("k8s/config.yaml", manifest)];
    let medium = Severity::Medium;
    let default = findings("CONF-5.default-credential", &files);
    assert_eq!(default, [(7, medium, 1, false)]);
    let settings = findings("CONF-5.secret-in-settings", &files);
    assert_eq!(settings, [(14, medium, 1, false)]);
}

#[test]
fn same_address_of_one_file_is_one_finding_conf_5() {
    let source = "package main\n\nimport \"net/http\"\n\nconst address = \"postgres://shop:shop@db:5432/shop\"\n\nfunc fallback() string {\n\treturn \"postgres://shop:shop@db:5432/shop\"\n}\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
    let files = [GO_MODULE, ("main.go", source)];
    let found = findings("CONF-5.credential-in-code", &files);
    assert_eq!(found, [(5, Severity::Medium, 1, false)]);
}

#[test]
fn token_in_helper_without_caller_is_review_auth_1() {
    let helper = "const setToken = (token) => {\n  localStorage.setItem(\"token\", token)\n}\n\nexport { setToken }\n";
    let files = [("web/src/auth.js", helper)];
    let uncalled = findings("AUTH-1.browser-storage", &files);
    assert_eq!(uncalled, [(2, Severity::Medium, 0, true)]);
    let login = "import { setToken } from \"./auth\"\n\nexport const login = (answer) => setToken(answer.token)\n";
    let files = [("web/src/auth.js", helper), ("web/src/login.js", login)];
    let called = findings("AUTH-1.browser-storage", &files);
    assert_eq!(called, [(2, Severity::Medium, 0, false)]);
}

#[test]
fn client_of_command_line_is_review_res_3() {
    let helper = "package cli\n\nimport (\n\t\"net/http\"\n\n\t\"github.com/spf13/cobra\"\n)\n\nfunc fetchKey(cmd *cobra.Command) (*http.Response, error) {\n\tclient := http.DefaultClient\n\treturn request.Fetch(client, cmd)\n}\n";
    let server = "package main\n\nimport (\n\t\"net/http\"\n\n\t_ \"example.org/shop/cli\"\n)\n\nfunc main() {\n\thttp.ListenAndServe(\":8080\", nil)\n}\n";
    let files = [GO_MODULE, ("main.go", server), ("cli/key.go", helper)];
    let found = findings("RES-3.outbound-timeout", &files);
    assert_eq!(found, [(10, Severity::Medium, 0, true)]);
    let handler = helper.replace("cmd *cobra.Command", "cmd Command");
    let files = [
        GO_MODULE,
        ("main.go", server),
        ("cli/key.go", handler.as_str()),
    ];
    let found = findings("RES-3.outbound-timeout", &files);
    assert_eq!(found, [(10, Severity::High, 0, false)]);
}

#[test]
fn client_bean_without_call_is_review_res_3() {
    let pom = "<project>\n  <artifactId>shop</artifactId>\n  <dependencies>\n    <dependency>\n      <groupId>org.springframework.boot</groupId>\n      <artifactId>spring-boot-starter-web</artifactId>\n    </dependency>\n  </dependencies>\n</project>\n";
    let application = "package shop;\n\nimport org.springframework.boot.SpringApplication;\nimport org.springframework.boot.autoconfigure.SpringBootApplication;\nimport org.springframework.web.client.RestTemplate;\n\n@SpringBootApplication\npublic class Application {\n    public static void main(String[] args) {\n        SpringApplication.run(Application.class, args);\n    }\n\n    @Bean\n    public RestTemplate restTemplate() {\n        return new RestTemplate();\n    }\n}\n";
    let controller = "package shop;\n\n@RestController\npublic class Controller {\n    @Autowired\n    RestTemplate restTemplate;\n}\n";
    let folder = "src/main/java/shop";
    let (first, second) = (
        format!("{folder}/Application.java"),
        format!("{folder}/Controller.java"),
    );
    let files = [
        ("pom.xml", pom),
        (first.as_str(), application),
        (second.as_str(), controller),
    ];
    let found = findings("RES-3.outbound-timeout", &files);
    assert_eq!(found, [(15, Severity::Medium, 0, true)]);
    let calling = controller.replace("restTemplate;\n}", "restTemplate;\n\n    String get(String url) {\n        return restTemplate.getForObject(url, String.class);\n    }\n}");
    let files = [
        ("pom.xml", pom),
        (first.as_str(), application),
        (second.as_str(), calling.as_str()),
    ];
    let found = findings("RES-3.outbound-timeout", &files);
    assert_eq!(found, [(15, Severity::High, 0, false)]);
}

#[test]
fn generated_manifest_repeats_its_source_data_6() {
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: orders-db\nspec:\n  template:\n    spec:\n      containers:\n        - name: postgres\n          image: postgres:17\n";
    let generated = format!("# This file is autogenerated. Do not manually edit.\n---\n{manifest}");
    let source = ("manifests/db.yaml", manifest);
    let files = [source, ("release/all.yaml", generated.as_str())];
    let once = findings("DATA-6.ephemeral-database", &files);
    assert_eq!(once, [(2, Severity::Medium, 1, false)]);
    let copied = format!("---\n{manifest}");
    let files = [source, ("release/all.yaml", copied.as_str())];
    assert_eq!(findings("DATA-6.ephemeral-database", &files).len(), 2);
}

//! Answers to captchas through `VerifyCaptcha`, on two replicas.

use std::thread;

use seaworthy::{
    crypto::{BlindIndex, Context, DataKeys, DataKeysConfig, Root, Sealer, SeedConfig, derive_key},
    data::{Database, DatabaseConfig, Statement, sql, uuid::Uuid},
    prelude::*,
};
use seaworthy_testkit::{
    database::EmptyDatabase,
    eventually,
    http::{HttpResponse, request},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    app::{PASSWORD, Replica, SECRETS, assert_error, json_of},
    captcha::mailed,
};

const CAPTCHA: &[&str] = &["auth.captcha_enabled=true"];
const VERIFY: &str = "/api/v1/auth/captcha/verify";

fn verify(replica: &Replica, id: &str, code: &str) -> HttpResponse {
    replica.post(VERIFY, &json!({ "captcha_id": id, "captcha_code": code }))
}

#[track_caller]
fn assert_right(answer: &HttpResponse) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(json_of(answer)["success"], true, "{}", answer.body);
}

/// Returns another code of the same form.
fn wrong(code: &str) -> String {
    let other = |digit| if digit == '9' { '0' } else { '9' };
    code.chars().map(other).collect()
}

fn start(database: &EmptyDatabase) -> [Replica; 2] {
    [(); 2].map(|()| Replica::start_with(database, CAPTCHA))
}

pub(crate) fn fifth_try_is_the_last_one_on_all_replicas_auth_2(database: &EmptyDatabase) {
    let replicas = start(database);
    let (id, code) = mailed(&replicas[0], "ada@example.org");
    for index in 0..4 {
        let answer = verify(&replicas[index % 2], &id, &wrong(&code));
        assert_error(&answer, 400, "CAPTCHA_INVALID");
    }
    assert_right(&verify(&replicas[0], &id, &code));

    let (id, code) = mailed(&replicas[1], "eve@example.org");
    for index in 0..5 {
        let answer = verify(&replicas[index % 2], &id, &wrong(&code));
        assert_error(&answer, 400, "CAPTCHA_INVALID");
    }
    for replica in &replicas {
        assert_error(&verify(replica, &id, &code), 400, "CAPTCHA_INVALID");
    }
}

pub(crate) fn parallel_right_answers_succeed_once_auth_2(database: &EmptyDatabase) {
    const PARALLEL: usize = 40;
    let replicas = start(database);
    let (id, code) = mailed(&replicas[0], "ada@example.org");
    let body = json!({ "captcha_id": id, "captcha_code": code }).to_string();
    let listeners = replicas.each_ref().map(|replica| replica.http);
    let right: usize = thread::scope(|scope| {
        let answers: Vec<_> = (0..PARALLEL)
            .map(|index| {
                let (http, body) = (listeners[index % 2], &body);
                let json = [("content-type", "application/json")];
                scope.spawn(move || request(http, "POST", VERIFY, &json, body).unwrap())
            })
            .collect();
        let answers = answers.into_iter().map(|answer| answer.join().unwrap());
        answers.filter(|answer| answer.status == 200).count()
    });
    assert_eq!(right, 1);
}

pub(crate) fn code_counts_for_its_type_and_target_only_auth_2(database: &EmptyDatabase) {
    let [first, second] = start(database);
    let register = |fields: Value, (id, code): &(String, String)| {
        let mut body = json!({ "username": "ada", "password": PASSWORD, "captcha_id": id,
            "captcha_code": code });
        let fields = fields.as_object().unwrap().clone();
        body.as_object_mut().unwrap().extend(fields);
        second.post("/api/v1/auth/register", &body)
    };
    let own = mailed(&first, "ada@example.org");
    for fields in [
        // Another target, another type, and an account without an address.
        json!({ "email": "eve@example.org" }),
        json!({ "phone": "+33612345678" }),
        json!({}),
    ] {
        assert_error(&register(fields, &own), 400, "CAPTCHA_INVALID");
    }
    // The attempts above count, and the code is still valid for its target.
    let registered = register(json!({ "email": "Ada@Example.org" }), &own);
    assert_eq!(registered.status, 200, "{}", registered.body);
    // The code of one captcha is not valid for the ID of another one.
    let (one, two) = (
        mailed(&first, "eve@example.org"),
        mailed(&first, "root@example.org"),
    );
    if one.1 != two.1 {
        assert_error(&verify(&first, &one.0, &two.1), 400, "CAPTCHA_INVALID");
    }
    assert_right(&verify(&second, &one.0, &one.1));
}

pub(crate) fn captcha_expires_and_is_deleted_auth_2(database: &EmptyDatabase) {
    let settings = ["auth.captcha_enabled=true", "auth.captcha_expiration=1ms"];
    let replica = Replica::start_with(database, &settings);
    let (id, code) = mailed(&replica, "ada@example.org");
    let stored = Stored::open(database);
    stored.wait_until_expired();
    assert_error(&verify(&replica, &id, &code), 400, "CAPTCHA_EXPIRED");
    // The operator does not wait ten minutes for the worker.
    let path = "/workers/purge%20captchas/run";
    let ran = request(replica.admin, "POST", path, &[("x-admin-request", "1")], "").unwrap();
    assert_eq!(ran.status, 200, "{}", ran.body);
    stored.wait_until_deleted();
    assert_error(&verify(&replica, &id, &code), 400, "CAPTCHA_INVALID");
}

pub(crate) fn picture_and_sound_are_answered_once_auth_2(database: &EmptyDatabase) {
    let [first, second] = start(database);
    let stored = Stored::open(database);
    let issue = |kind: &str| {
        let path = format!("/api/v1/auth/captcha?captcha_type={kind}");
        let issued = json_of(&first.send("GET", &path, "").unwrap());
        issued["captcha_id"].as_str().unwrap().to_owned()
    };
    // A sound has six digits, which the test finds by their stored hash.
    let sound = issue("audio");
    let digits = stored.digits(&sound);
    assert_error(
        &verify(&second, &sound, &wrong(&digits)),
        400,
        "CAPTCHA_INVALID",
    );
    assert_right(&verify(&second, &sound, &format!(" {digits} ")));
    assert_error(&verify(&first, &sound, &digits), 400, "CAPTCHA_INVALID");

    // A test cannot read the picture, so it replaces the stored answer.
    let picture = issue("image");
    stored.replace_answer(&picture, "h7kx3p");
    assert_right(&verify(&second, &picture, "H7KX3P"));
    assert_error(&verify(&first, &picture, "h7kx3p"), 400, "CAPTCHA_INVALID");

    // Both kinds register and log in.
    let sound = issue("audio");
    let account = |id: &str, code: &str| json!({ "username": "ada", "password": PASSWORD, "captcha_id": id, "captcha_code": code });
    let body = account(&sound, &stored.digits(&sound));
    assert_eq!(first.post("/api/v1/auth/register", &body).status, 200);
    let picture = issue("image");
    stored.replace_answer(&picture, "abc234");
    let body = account(&picture, "ABC234");
    assert_eq!(second.post("/api/v1/auth/login", &body).status, 200);
    let again = first.post("/api/v1/auth/login", &body);
    assert_error(&again, 400, "CAPTCHA_INVALID");
}

pub(crate) fn wrong_answer_does_not_read_the_user_auth_2(database: &EmptyDatabase) {
    let open = Replica::start(database);
    let body = json!({ "username": "ada", "password": PASSWORD, "email": "ada@example.org" });
    assert_eq!(open.post("/api/v1/auth/register", &body).status, 200);
    let replica = Replica::start_with(database, CAPTCHA);
    let (id, code) = mailed(&replica, "ada@example.org");
    // The service cannot decrypt the address, so each use of it is an error.
    Stored::open(database).run(sql("UPDATE users SET email = 'unreadable'"));
    let login = |username: &str, code: &str| {
        let body = json!({ "username": username, "password": PASSWORD, "captcha_id": id,
            "captcha_code": code });
        replica.post("/api/v1/auth/login", &body)
    };
    for username in ["ada", "unknown"] {
        assert_error(&login(username, &wrong(&code)), 400, "CAPTCHA_INVALID");
    }
    let unreadable = login("ada", &code);
    assert!(unreadable.status >= 500, "{}", unreadable.body);
}

/// Opens the database and its data keys as the service does.
async fn open_keys(database: &EmptyDatabase) -> (Database, DataKeys) {
    let config = DatabaseConfig::from_url(database.url().parse().unwrap());
    let config = seaworthy_testkit::with_long_timeouts!(config);
    let database = Database::builder("test", config).open().await.unwrap();
    let secret = |name: &str| {
        let mut settings = SECRETS.iter();
        let value = settings.find_map(|setting| setting.strip_prefix(name));
        value.map(|value| Secret::new(value.to_owned()))
    };
    let seed = SeedConfig {
        seed: secret("kms.seed="),
        salt: secret("kms.salt="),
        ..SeedConfig::default()
    };
    let root = Root::from_seed(&seed, None).unwrap();
    let config = DataKeysConfig::default();
    let keys = DataKeys::open(&database, root, &config).await.unwrap();
    (database, keys)
}

/// Replaces the telephone number of the only user.
pub(crate) fn store_phone(database: &EmptyDatabase, phone: &str) {
    Runtime::new().unwrap().block_on(async {
        let (database, keys) = open_keys(database).await;
        let (id,): (Uuid,) = sql("SELECT id FROM users")
            .fetch_one(&database)
            .await
            .unwrap();
        let context = Context::new("users", "phone").row(&id.to_string());
        let phone = Sealer::new(keys).seal(&phone.to_owned(), &context).await;
        sql("UPDATE users SET phone = ?")
            .bind(phone.unwrap())
            .execute(&database)
            .await
            .unwrap();
    });
}

/// The table of captchas, of which there is one at a time, and the key of its hashes.
pub(crate) struct Stored {
    runtime: Runtime,
    database: Database,
    hashes: BlindIndex,
}

impl Stored {
    pub(crate) fn open(database: &EmptyDatabase) -> Self {
        let runtime = Runtime::new().unwrap();
        let (database, hashes) = runtime.block_on(async {
            let (database, keys) = open_keys(database).await;
            let key = keys.purpose_key("parts").await.unwrap();
            (database, BlindIndex::new(&derive_key(&key, "captcha")))
        });
        Self {
            runtime,
            database,
            hashes,
        }
    }

    fn hash(&self, id: &str, answer: &str) -> Vec<u8> {
        let context = Context::new("captchas", "answer").row(id);
        self.hashes.compute(&context, answer)
    }

    /// Returns the answer of a sound.
    fn digits(&self, id: &str) -> String {
        let find = sql("SELECT answer FROM captchas").fetch_one(&self.database);
        let (answer,): (Vec<u8>,) = self.runtime.block_on(find).unwrap();
        let all = (0..1_000_000).map(|number| format!("{number:06}"));
        let mut fitting = all.filter(|digits| self.hash(id, digits) == answer);
        fitting.next().unwrap()
    }

    fn run(&self, statement: Statement) {
        let run = statement.execute(&self.database);
        assert_eq!(self.runtime.block_on(run).unwrap().rows_affected(), 1);
    }

    pub(crate) fn replace_answer(&self, id: &str, answer: &str) {
        self.run(sql("UPDATE captchas SET answer = ?").bind(self.hash(id, answer)));
    }

    fn wait_until_expired(&self) {
        self.runtime.block_on(eventually(async || {
            let find = sql("SELECT until_us - {now_us} FROM captchas").fetch_one(&self.database);
            let (left,): (i64,) = find.await.unwrap();
            left < 0
        }));
    }

    fn wait_until_deleted(&self) {
        self.runtime.block_on(eventually(async || {
            let count = sql("SELECT count(*) FROM captchas").fetch_one(&self.database);
            let (count,): (u64,) = count.await.unwrap();
            count == 0
        }));
    }
}

//! Sample users. They are created through the public interface.

use std::net::SocketAddr;

use seaworthy::{axum::http::header::CONTENT_TYPE, client::HttpClient, prelude::*};
use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};

use crate::page::{client, mailed_code};

/// The password of all sample users except the administrator.
pub(crate) const PASSWORD: &str = "Explore-the-course-1";
/// A student without purchases.
pub(crate) const STUDENT: &str = "student@example.org";
/// An approved trainer.
pub(crate) const TRAINER: &str = "trainer@example.org";
/// A trainer whose application is pending.
pub(crate) const APPLICANT: &str = "applicant@example.org";
/// A document of an application.
const DOCUMENT: &[u8] = b"%PDF-1.4\n%%EOF\n";
const DOCUMENT_TYPE: &str = "application/pdf";
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_millis(100);
/// The services learn of courses and mails by messages: 30 seconds in total.
const MAX_ATTEMPTS: u32 = 300;

/// The services that the creation of sample users calls.
pub(crate) struct Seed {
    gateway: HttpClient,
    students: HttpClient,
    trainers: HttpClient,
}

type Token = Secret<String>;

impl Seed {
    pub(crate) fn new([gateway, students, trainers]: [SocketAddr; 3]) -> Result<Self, StartError> {
        let client = |address: SocketAddr| client(&format!("http://{address}"));
        Ok(Self {
            gateway: client(gateway)?,
            students: client(students)?,
            trainers: client(trainers)?,
        })
    }

    /// Creates the users that are missing.
    ///
    /// # Errors
    /// A request failed.
    pub(crate) async fn run(&self) -> Result<(), Error> {
        if self.log_in("/students/auth", STUDENT).await.is_ok() {
            return Ok(());
        }
        for (email, name) in [(TRAINER, "Ravi Nair"), (APPLICANT, "Meera Iyer")] {
            let token = self
                .account("/trainers/auth", &self.trainers, email)
                .await?;
            let application = self.apply(&token, email, name).await?;
            if email == TRAINER {
                self.approve(&application).await?;
            }
        }
        // The last step, so that an interrupted start continues.
        self.account("/students/auth", &self.students, STUDENT)
            .await?;
        Ok(())
    }

    async fn log_in(&self, base: &str, email: &str) -> Result<Token, Error> {
        let body = json!({ "email": email, "password": PASSWORD });
        let data = self.post(&format!("{base}/login"), None, &body).await?;
        Ok(token(&data))
    }

    /// Logs in, or registers an account with the code of its mail.
    async fn account(
        &self,
        base: &str,
        accounts: &HttpClient,
        email: &str,
    ) -> Result<Token, Error> {
        if let Ok(token) = self.log_in(base, email).await {
            return Ok(token);
        }
        let body = match base {
            "/trainers/auth" => {
                let name = email.split('@').next();
                json!({ "email": email, "password": PASSWORD, "username": name })
            }
            _ => json!({ "email": email, "password": PASSWORD }),
        };
        self.post(&format!("{base}/register"), None, &body).await?;
        let code = wait(|| mailed_code(accounts, email)).await?;
        let body = json!({ "email": email, "otp": code });
        let path = format!("{base}/email/verify");
        Ok(token(&self.post(&path, None, &body).await?))
    }

    /// Sends an application, unless there is one. Returns its ID.
    async fn apply(&self, token: &Token, email: &str, name: &str) -> Result<String, Error> {
        let own = self.gateway.get("/api/v1/trainers/auth/application");
        let own = own.bearer(token).send().await?;
        if own.status().is_success() {
            let own: Value = own.json().await?;
            return Ok(text(&own, "/data/applicationId"));
        }
        let mut documents = serde_json::Map::new();
        for kind in ["id_proof", "face_verification", "qualification"] {
            documents.insert(kind.to_owned(), json!(self.upload(token, kind).await?));
        }
        let course = wait(|| self.course()).await?;
        let form = json!({
            "fullName": name,
            "dateOfBirth": "1990-05-17",
            "gender": "other",
            "phone": "+919800000001",
            "email": email,
            "location": {
                "address_text": "4th Cross, Kuvempunagar", "city": "Mysuru", "state": "Karnataka",
                "country": "India", "latitude": 12.28, "longitude": 76.63,
            },
            "qualification": "B. Ed.",
            "experienceYears": 6,
            "courses": [course],
            "availability": {
                "employmentType": "full-time", "shiftType": "evening",
                "availableDays": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
            },
            "documents": documents,
            "consents": {
                "informationCorrect": true, "backgroundCheck": true, "travelToStudents": true,
            },
        });
        let sent = self
            .post("/trainers/auth/apply", Some(token), &form)
            .await?;
        Ok(text(&sent, "/applicationId"))
    }

    async fn upload(&self, token: &Token, kind: &str) -> Result<String, Error> {
        let size = DOCUMENT.len();
        let body = json!({ "kind": kind, "contentType": DOCUMENT_TYPE, "size": size });
        let path = "/trainers/auth/apply/documents";
        let signed = self.post(path, Some(token), &body).await?;
        let url = text(&signed, "/url");
        // The service is on this machine, whatever its public address is.
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        let put = self.trainers.put(&format!("/{path}"));
        let put = put.header(CONTENT_TYPE, DOCUMENT_TYPE).body(DOCUMENT);
        put.send().await?.success()?;
        Ok(text(&signed, "/key"))
    }

    /// Returns a course that trainers can choose.
    async fn course(&self) -> Result<Option<String>, Error> {
        let path = "/api/v1/trainers/auth/apply/available-courses";
        let courses = self.gateway.get(path).send().await?;
        let courses: Value = courses.success()?.json().await?;
        let id = courses.pointer("/data/0/id").and_then(Value::as_str);
        Ok(id.map(str::to_owned))
    }

    async fn approve(&self, application: &str) -> Result<(), Error> {
        let body = json!({ "email": SEED_EMAIL, "password": SEED_PASSWORD });
        let admin = token(&self.post("/admin/auth/login", None, &body).await?);
        let path = format!("/admin/trainers/approvals/{application}/approve");
        self.post(&path, Some(&admin), &json!({})).await?;
        Ok(())
    }

    /// Sends a request of a mobile application to the gateway. Returns the data of the response.
    async fn post(&self, path: &str, token: Option<&Token>, body: &Value) -> Result<Value, Error> {
        let request = self.gateway.post(&format!("/api/v1{path}")).json(body);
        let request = request.header("x-client-type", "mobile");
        let request = match token {
            Some(token) => request.bearer(token),
            None => request,
        };
        let answer = request.send().await?.success()?;
        let mut answer: Value = answer.json().await?;
        let data = answer.get_mut("data").map(Value::take);
        Ok(data.unwrap_or_default())
    }
}

fn token(data: &Value) -> Token {
    Secret::new(text(data, "/tokens/accessToken"))
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_default().to_owned()
}

/// Repeats a request until it has a result.
async fn wait<T>(request: impl AsyncFn() -> Result<Option<T>, Error>) -> Result<T, Error> {
    for _ in 0..MAX_ATTEMPTS {
        if let Some(found) = request().await? {
            return Ok(found);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
    Err(Error::new(
        Code::DeadlineExceeded,
        "NOT_IN_TIME",
        "no result in time",
    ))
}

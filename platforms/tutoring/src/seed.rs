//! Sample users. They are created through the public interface.

use std::net::SocketAddr;

use seaworthy::{axum::http::header::CONTENT_TYPE, client::HttpClient, prelude::*};
use serde_json::{Value, json};
use tutoring_admin::{SEED_EMAIL, SEED_PASSWORD};

use crate::page::client;

/// The password of all sample users except the administrator.
pub(crate) const PASSWORD: &str = "Explore-the-course-1";
/// A student without purchases.
pub(crate) const STUDENT: &str = "student@example.org";
/// An approved trainer.
pub(crate) const TRAINER: &str = "trainer@example.org";
/// A trainer whose application is pending.
pub(crate) const APPLICANT: &str = "applicant@example.org";
/// The address, latitude and longitude of sample users.
pub(crate) const PLACE: (&str, f64, f64) = ("4th Cross, Kuvempunagar", 12.28, 76.63);
/// The radius of the zone of sample users, in km.
const ZONE_RADIUS_KM: u32 = 10;
/// The text before the code in a mail.
const CODE: &str = "Your code is ";
const CODE_LENGTH: usize = 6;
/// A document of an application.
const DOCUMENT: &[u8] = b"%PDF-1.4\n%%EOF\n";
const DOCUMENT_TYPE: &str = "application/pdf";
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_millis(100);
/// Attempts of a request that needs data from a message: 30 seconds in total.
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
        let admin = self.admin().await?;
        self.open_zone(&admin).await?;
        for (email, name) in [(TRAINER, "Ravi Nair"), (APPLICANT, "Meera Iyer")] {
            let token = self
                .account("/trainers/auth", &self.trainers, email)
                .await?;
            let application = self.apply(&token, email, name).await?;
            if email == TRAINER {
                self.approve(&admin, &application).await?;
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
        let (address, latitude, longitude) = PLACE;
        let form = json!({
            "fullName": name,
            "dateOfBirth": "1990-05-17",
            "gender": "other",
            "phone": "+919800000001",
            "email": email,
            "location": {
                "address_text": address, "city": "Mysuru", "state": "Karnataka",
                "country": "India", "latitude": latitude, "longitude": longitude,
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
        // Send the file to the local address, because the public one may not be reachable.
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

    async fn admin(&self) -> Result<Token, Error> {
        let body = json!({ "email": SEED_EMAIL, "password": SEED_PASSWORD });
        Ok(token(&self.post("/admin/auth/login", None, &body).await?))
    }

    /// Creates the city and the zone in which trainers hold sessions, unless there is a city.
    async fn open_zone(&self, admin: &Token) -> Result<(), Error> {
        let cities = self.gateway.get("/api/v1/booking/cities").send().await?;
        let cities: Value = cities.success()?.json().await?;
        if cities
            .pointer("/data/0")
            .or_else(|| cities.pointer("/data/items/0"))
            .is_some()
        {
            return Ok(());
        }
        let (_, latitude, longitude) = PLACE;
        let centre = json!({ "latitude": latitude, "longitude": longitude });
        let city = json!({
            "name": "Mysuru", "state": "Karnataka", "district": "Mysuru", "centre": centre,
        });
        let city = self.post("/booking/cities", Some(admin), &city).await?;
        let zone = json!({
            "cityId": text(&city, "/id"), "name": "Mysuru", "centre": centre,
            "radiusKm": ZONE_RADIUS_KM,
        });
        self.post("/booking/zones", Some(admin), &zone).await?;
        Ok(())
    }

    async fn approve(&self, admin: &Token, application: &str) -> Result<(), Error> {
        let path = format!("/admin/trainers/approvals/{application}/approve");
        self.post(&path, Some(admin), &json!({})).await?;
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

/// Returns the code in the newest mail to an address, if there is one.
async fn mailed_code(accounts: &HttpClient, email: &str) -> Result<Option<String>, Error> {
    let mails = accounts.get("/mailbox.json").send().await?;
    let mails: Vec<Value> = mails.success()?.json().await?;
    let texts = mails.iter().map(Value::to_string);
    let mut to_address = texts.filter(|mail| mail.contains(email));
    Ok(to_address.find_map(|mail| Some(mail.split_once(CODE)?.1.get(..CODE_LENGTH)?.to_owned())))
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

//! The smallest client of the service: one connection for each question.

use std::net::Ipv4Addr;

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpStream;

use crate::views::{Accepted, Refused};

/// A service on this machine.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) port: u16,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("no service answers at 127.0.0.1:{0}: start it with `fleet serve`")]
    NoService(u16),
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Refused(String),
}

impl Failure {
    /// The answer is not what a service of this version gives.
    pub(crate) fn odd(what: &str) -> Self {
        Self::Refused(format!(
            "the service answers in another way than expected: {what}"
        ))
    }
}

impl Asking {
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.ask(Method::GET, path, String::new()).await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Accepted, Failure> {
        let body = serde_json::to_string(body).map_err(|error| Failure::odd(&error.to_string()))?;
        self.ask(Method::POST, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<Accepted, Failure> {
        self.ask(Method::DELETE, path, String::new()).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> Result<T, Failure> {
        let no_service = || Failure::NoService(self.port);
        let address = (Ipv4Addr::LOCALHOST, self.port);
        let stream = TcpStream::connect(address)
            .await
            .map_err(|_| no_service())?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|_| no_service())?;
        let connection = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, format!("127.0.0.1:{}", self.port))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| Failure::odd(&error.to_string()))?;
        // A connection that breaks is a service that went away in the middle.
        let answer = sender
            .send_request(request)
            .await
            .map_err(|_| no_service())?;
        let status = answer.status();
        let body = answer
            .into_body()
            .collect()
            .await
            .map_err(|_| no_service())?;
        connection.abort();
        read(status, &body.to_bytes())
    }
}

fn read<T: DeserializeOwned>(status: StatusCode, body: &Bytes) -> Result<T, Failure> {
    if status.is_success() {
        return serde_json::from_slice(body).map_err(|error| Failure::odd(&error.to_string()));
    }
    // What the framework refuses by itself is plain text.
    let words = match serde_json::from_slice(body) {
        Ok(Refused { error }) => error,
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    Err(match status {
        StatusCode::NOT_FOUND => Failure::NotFound(words),
        _ => Failure::Refused(words),
    })
}

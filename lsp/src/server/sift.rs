//! Between stdin and the framework: what is no message is answered, and the session goes on.
//!
//! The framework ends its stream at the first message that it cannot decode. So each message is looked at before it gets
//! there, and one that is broken is replaced by a request for [`UNREADABLE`], whose answer is the error that is due.

use serde_json::{Value, json};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tower_lsp::jsonrpc::{Error, ErrorCode, Request, Response, Result};

/// The method whose answer is an error.
pub const UNREADABLE: &str = "aipc/unreadable";

/// Longer messages are not read: no editor sends them.
const BYTES_MAX: usize = 1 << 30;

/// Hands on each message, until the input ends.
pub async fn sift(input: impl tokio::io::AsyncRead + Unpin, mut output: impl AsyncWrite + Unpin) {
    let mut input = BufReader::new(input);
    while let Some(body) = next(&mut input).await {
        let body = match complaint(&body) {
            None => body,
            Some((code, message)) => {
                let params = json!({ "code": code, "message": message });
                let request = json!({ "jsonrpc": "2.0", "id": null, "method": UNREADABLE, "params": params });
                request.to_string().into_bytes()
            }
        };
        let head = format!("Content-Length: {}\r\n\r\n", body.len());
        let written = async {
            output.write_all(head.as_bytes()).await?;
            output.write_all(&body).await?;
            output.flush().await
        };
        // Nobody reads once the server has ended.
        if written.await.is_err() {
            return;
        }
    }
}

/// The answer to [`UNREADABLE`].
pub fn answer(params: &Value) -> Result<Value> {
    let code = params.get("code").and_then(Value::as_i64).unwrap_or_default();
    let message = params.get("message").and_then(Value::as_str).unwrap_or_default().to_string();
    Err(Error { code: ErrorCode::from(code), message: message.into(), data: None })
}

/// The body of the next message. Lines that are no header are passed over.
async fn next(input: &mut (impl AsyncBufRead + Unpin)) -> Option<Vec<u8>> {
    let mut length = None;
    loop {
        let mut line = Vec::new();
        if input.read_until(b'\n', &mut line).await.ok()? == 0 {
            return None;
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim();
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("Content-Length")
        {
            length = value.trim().parse::<usize>().ok().filter(|it| *it <= BYTES_MAX);
        }
        if line.is_empty()
            && let Some(length) = length
        {
            let mut body = vec![0; length];
            input.read_exact(&mut body).await.ok()?;
            return Some(body);
        }
    }
}

/// Why a body is no message: the protocol's code, and words.
fn complaint(body: &[u8]) -> Option<(i64, String)> {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(why) => return Some((ErrorCode::ParseError.code(), format!("this is not JSON: {why}"))),
    };
    let is_response = value.get("method").is_none();
    let read = match is_response {
        true => serde_json::from_value::<Response>(value).err(),
        false => serde_json::from_value::<Request>(value).err(),
    };
    read.map(|why| (ErrorCode::InvalidRequest.code(), format!("this is no message: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sifted(input: &[u8]) -> String {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut output = Vec::new();
        runtime.block_on(sift(input, &mut output));
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn messages_pass_as_they_are() {
        let message = "Content-Length: 36\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"aa/bbbbb\"}";
        let message = message.replace("36", "37");
        assert_eq!(sifted(message.as_bytes()), message);
    }

    #[test]
    fn what_is_no_message_becomes_a_request_for_an_error() {
        for (body, code) in
            [("{", "-32700"), ("null", "-32600"), ("[]", "-32600"), ("{\"method\":3}", "-32600")]
        {
            let found = sifted(format!("noise\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
            assert!(found.contains(UNREADABLE) && found.contains(code), "{body}: {found}");
        }
        assert_eq!(sifted(b"Content-Length: x\r\n\r\n{}"), "", "without a length nothing can be read");
        assert_eq!(sifted(b"Content-Length: 99\r\n\r\n{}"), "", "the input ends within the message");
    }
}

//! One way to build an HTTP client: rustls with ring, the machine's certificates, no redirects.

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder};

/// Builds a client. Redirects are off: a redirect to another host would carry the token along.
///
/// Where the machine has no certificates (an empty container) Mozilla's own list is used.
pub(super) fn client(configure: impl Fn(ClientBuilder) -> ClientBuilder) -> Result<Client, reqwest::Error> {
    // `main` does this too; the second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let base = || configure(Client::builder().redirect(Policy::none()).user_agent(USER_AGENT));
    base().build().or_else(|_| base().tls_backend_preconfigured(bundled()).build())
}

const USER_AGENT: &str = concat!("autonomy/", env!("CARGO_PKG_VERSION"));

fn bundled() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_can_be_built_with_the_bundled_certificates() {
        assert!(client(|builder| builder).is_ok());
        assert!(Client::builder().tls_backend_preconfigured(bundled()).build().is_ok());
    }
}

// Replaces the function of the same name in axum's `serve`. All requests that axum's tests send
// over a socket are then served by switchover-tokio.
async fn handle_connection<L, M, S>(
    make_service: &mut M,
    signal_tx: &watch::Sender<()>,
    close_rx: &watch::Receiver<()>,
    io: <L as Listener>::Io,
    remote_addr: <L as Listener>::Addr,
) where
    L: Listener,
    L::Addr: Debug,
    M: for<'a> Service<IncomingStream<'a, L>, Error = Infallible, Response = S> + Send + 'static,
    for<'a> <M as Service<IncomingStream<'a, L>>>::Future: Send,
    S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let io = TokioIo::new(io);
    make_service.ready().await.unwrap_or_else(|error| match error {});
    let service = make_service.call(IncomingStream { io: &io, remote_addr }).await.unwrap_or_else(|error| match error {});
    let service = service.map_request(|request: http::Request<switchover_tokio::Body>| request.map(Body::new));
    let handler = switchover_tokio::hyper::WithOnUpgrade(service);
    // axum's services are not `Sync`.
    let shared = std::sync::Arc::new(std::sync::Mutex::new(handler.clone()));
    let executor = hyper_util::rt::TokioExecutor::new();
    let mut builder = hyper::server::conn::http2::Builder::new(executor);
    builder.enable_connect_protocol();
    let config = switchover_tokio::Config::default().with_http2(move |http2| {
        let (shared, builder) = (shared.clone(), builder.clone());
        async move {
            println!("served by switchover-tokio in HTTP/2");
            let handler = shared.lock().expect("no panic").clone();
            let config = Default::default();
            let _ = switchover_tokio::h2::serve(http2, handler, &config, &builder).await;
        }
    });
    let (signal_tx, close_rx) = (signal_tx.clone(), close_rx.clone());
    tokio::spawn(async move {
        // The script counts the tests that print this line.
        println!("served by switchover-tokio");
        let _ = switchover_tokio::serve_connection_until(io.into_inner(), handler, &config, signal_tx.closed()).await;
        drop(close_rx);
    });
}

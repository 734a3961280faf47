// As tests/Pmoas.HttpPair, on Node: serve ADDRESS PORT | post URL REQUESTS CONNECTIONS
const http = require('http'), crypto = require('crypto');
const [verb, where, many, connections] = process.argv.slice(2);

if (verb === 'serve') {
    http.createServer((request, response) => {
        response.setHeader('Content-Length', request.headers['content-length']);
        request.pipe(response);
    }).listen(Number(many), where, () => console.log('listening'));
} else {
    const agent = new http.Agent({ keepAlive: true, maxSockets: Number(connections) });
    let next = 0, done = 0, bytes = 0;
    const one = () => {
        if (next === Number(many))
            return;
        const i = next++, body = crypto.randomBytes(i % 8 === 0 ? (i * 7919) % (1 << 20) : (i * 7919) % 5000);
        const request = http.request(where, { method: 'POST', agent, timeout: 20000, headers: { 'Content-Length': body.length } }, response => {
            const parts = [];
            response.on('data', part => parts.push(part));
            response.on('end', () => {
                if (!Buffer.concat(parts).equals(body))
                    throw new Error(`request ${i}: another body came back`);
                bytes += body.length;
                if (++done === Number(many)) {
                    console.log(`${done} ${bytes}`);
                    process.exit(0);
                }
                one();
            });
        });
        request.on('timeout', () => { throw new Error(`request ${i}: no answer after 20 s`); });
        request.end(body);
    };
    for (let i = 0; i < Number(connections); i++)
        one();
}

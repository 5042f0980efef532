#!/usr/bin/env node
/*
 * Inside the lab: asks npm's mailauth, in its own words, and prints one word of what it says.
 *
 *     node mailauth.js NODE_MODULES policy DOMAIN RESOLVER   its mode, "none" or "failed"
 *     node mailauth.js NODE_MODULES match HOST PATTERN...    "match" or "no-match"
 *
 * NODE_MODULES is the folder that mailauth stands in. DNS goes to RESOLVER only (ip:port), TLS trusts what
 * NODE_EXTRA_CA_CERTS adds. It judges nothing itself. Exit 2 where it is called wrongly.
 */
'use strict';

const path = require('node:path');
const { Resolver } = require('node:dns').promises;
const tls = require('node:tls');

// Node's own builds ask OpenSSL for security level 1, Debian's for 2: the same of both.
tls.DEFAULT_CIPHERS += ':@SECLEVEL=1';
const MODES = ['enforce', 'testing', 'none'];

async function policyOf(sts, domain, address) {
    const dns = new Resolver({ timeout: 1500, tries: 2 });
    dns.setServers([address]);
    const { status, policy } = await sts.getPolicy(domain, null, { resolver: (name, type) => dns.resolve(name, type) });
    if (status === 'not_found') {
        return 'none';
    }
    return status === 'found' && MODES.includes(policy.mode) ? policy.mode : 'failed';
}

async function main([modules, command, subject, ...rest]) {
    if (!['policy', 'match'].includes(command) || rest.length < 1) {
        console.error('usage: mailauth.js NODE_MODULES policy DOMAIN RESOLVER | match HOST PATTERN...');
        return 2;
    }
    const sts = require(path.resolve(modules, 'mailauth', 'lib', 'mta-sts.js'));
    if (command === 'policy') {
        console.log(await policyOf(sts, subject, rest[0]));
    } else {
        console.log(sts.validateMx(subject, { mode: 'enforce', mx: rest }).valid ? 'match' : 'no-match');
    }
    return 0;
}

main(process.argv.slice(2)).then(
    // A request that is under way still would hold the process.
    code => process.exit(code),
    error => {
        console.error(error.stack);
        process.exit(1);
    }
);

#!/usr/bin/env node
/*
 * Inside the lab: asks npm's mailauth, in its own words, and prints one word of what it says.
 *
 *     node mailauth.js NODE_MODULES RESOLVER
 *
 * Each line of standard input is a question, in JSON: [NUMBER, "policy", DOMAIN] or [NUMBER, "match", HOST, PATTERN...].
 * Each is answered when it is, by a line [NUMBER, WORD]: the policy's mode, "none" or "failed"; "match" or "no-match".
 * NODE_MODULES is the folder that mailauth stands in. DNS goes to RESOLVER only (ip:port), TLS trusts what
 * NODE_EXTRA_CA_CERTS adds. It judges nothing itself, and ends where it does not understand a question.
 */
'use strict';

const path = require('node:path');
const readline = require('node:readline');
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

async function answer(sts, address, [number, command, subject, ...patterns]) {
    let word;
    if (command === 'policy') {
        word = await policyOf(sts, subject, address);
    } else {
        word = sts.validateMx(subject, { mode: 'enforce', mx: patterns }).valid ? 'match' : 'no-match';
    }
    console.log(JSON.stringify([number, word]));
}

function fail(error) {
    console.error(error.stack);
    process.exit(1);
}

const [modules, address] = process.argv.slice(2);
if (address === undefined) {
    console.error('usage: mailauth.js NODE_MODULES RESOLVER');
    process.exit(2);
}
const sts = require(path.resolve(modules, 'mailauth', 'lib', 'mta-sts.js'));
const lines = readline.createInterface({ input: process.stdin });
lines.on('line', line => answer(sts, address, JSON.parse(line)).catch(fail));
// A request that is under way still would hold the process.
lines.on('close', () => process.exit(0));

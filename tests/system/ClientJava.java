/*
 * What a Java program does with the card, through the SunPKCS11 provider:
 *
 *     java ClientJava.java CONFIG PIN-FILE sign FILE     writes FILE.ALGORITHM
 *     java ClientJava.java CONFIG PIN-FILE get CA URL    prints the page
 */
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Security;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

class ClientJava {
	static Provider provider;
	static KeyStore card;

	static byte[] sign(String algorithm, byte[] data) throws Exception {
		Signature signature = Signature.getInstance(algorithm, provider);
		Certificate certificate = card.getCertificate("Login");

		if (algorithm.equals("RSASSA-PSS"))
			signature.setParameter(new PSSParameterSpec("SHA-256",
			    "MGF1", MGF1ParameterSpec.SHA256, 32, 1));
		signature.initSign((PrivateKey)card.getKey("Login", null));
		signature.update(data);
		byte[] signed = signature.sign();

		signature.initVerify(certificate.getPublicKey());
		signature.update(data);
		if (!signature.verify(signed))
			throw new Exception(algorithm + " does not verify");
		return signed;
	}

	static void signAll(Path file) throws Exception {
		byte[] data = Files.readAllBytes(file);
		String type = card.getCertificate("Login").getPublicKey()
		    .getAlgorithm();
		String[] algorithms = type.equals("RSA")
		    ? new String[] { "SHA256withRSA", "SHA512withRSA",
			    "RSASSA-PSS" }
		    : new String[] { "SHA256withECDSA", "SHA384withECDSA" };

		for (String algorithm : algorithms)
			Files.write(Path.of(file + "." + algorithm),
			    sign(algorithm, data));
	}

	static void get(String ca, String url) throws Exception {
		KeyStore trusted = KeyStore.getInstance("PKCS12");
		KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		SSLContext tls = SSLContext.getInstance("TLS");

		trusted.load(null, null);
		try (var in = Files.newInputStream(Path.of(ca))) {
			trusted.setCertificateEntry("ca", CertificateFactory
			    .getInstance("X.509").generateCertificate(in));
		}
		keys.init(card, null);
		trust.init(trusted);
		tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
		HttpsURLConnection page =
		    (HttpsURLConnection)new URL(url).openConnection();
		page.setSSLSocketFactory(tls.getSocketFactory());
		page.getInputStream().transferTo(System.out);
	}

	public static void main(String[] args) throws Exception {
		char[] pin = Files.readString(Path.of(args[1])).toCharArray();

		provider = Security.getProvider("SunPKCS11").configure(args[0]);
		Security.addProvider(provider);
		card = KeyStore.getInstance("PKCS11", provider);
		card.load(null, pin);
		if (args[2].equals("sign"))
			signAll(Path.of(args[3]));
		else
			for (int i = 4; i < args.length; i++)
				get(args[3], args[i]);
	}
}
